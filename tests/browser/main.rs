//! Stories in a real Chromium, against the real server: what a person sees and does.
//!
//! | module | is about |
//! | --- | --- |
//! | `signing_in` | the way from an application to the sign-in page, the consent page and back |
//! | `out_of_band` | applications that cannot be redirected to: the person copies a code |
//! | `layout` | the same pages without scripts, on a narrow screen, in the dark |
//! | `keyboard` | the same pages without a mouse, and with names on everything |
//! | `single_sign_on` | signing in with an identity provider, linking and removing one |
//! | `grants` | the page of apps with access, and the end of one |
//! | `joining` | signing up from an app: the mail in another browser, an invitation, the approval |
//! | `recovering` | a forgotten password, another address and back |
//! | `accessible` | what every page must be |
//! | `devices` | programs without a browser: a code is typed, and its request allowed |
//! | `first_start` | the set-up link, the home page, the built-in demo application |
//! | `elk_like` | a web client whose own server redeems the code, and tries again when the network lets it down |
//! | `phanpy_like` | a web client without a server: popup, PKCE, everything by `fetch` from another origin |
//! | `frontend_fallback` | pages of a frontend that the server shows on its own origin |
//! | `altcha_widget` | the sign-up page of a frontend on another origin, with ALTCHA's widget |
//! | `api_docs` | the page about what programs can ask |
//! | `behind_proxies` | the same pages by HTTP/2 through nginx, HAProxy and Caddy |
//! | `browser_settings` | that the browser really is narrow, dark or without scripts when a story says so |

#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod accessible;
mod administration;
mod altcha_widget;
mod api_docs;
mod behind_proxies;
mod browser_settings;
mod codes_by_mail;
mod devices;
mod elk_like;
mod first_start;
mod fixture;
mod frontend_fallback;
mod grants;
mod joining;
mod keyboard;
mod layout;
mod out_of_band;
mod passkeys;
mod phanpy_like;
mod recovering;
mod required_factor;
mod signing_in;
mod signing_out;
mod single_sign_on;
mod trusted_browsers;
mod two_steps;
mod way_back;
mod without_a_terminal;
