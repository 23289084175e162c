//! A colour of the pages, and whether text in it can be read (WCAG 2.2, contrast).

/// What text and its ground need.
const READABLE: f64 = 4.5;

/// The grounds that text in the accent stands on, the hardest for it: those of `templates/assets/style.css`.
const LIGHT_GROUND: Colour = Colour([0xf3, 0xf1, 0xeb]);
const DARK_GROUND: Colour = Colour([0x1a, 0x1f, 0x1e]);
const BLACK: Colour = Colour([0, 0, 0]);
const WHITE: Colour = Colour([0xff, 0xff, 0xff]);
/// Text on a button of the dark scheme.
const DARK_INK: Colour = Colour([0x0c, 0x11, 0x10]);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Colour([u8; 3]);

/// The accent of the pages in both schemes, with what goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Accent {
    light: Colour,
    dark: Colour,
}

impl Accent {
    /// Reads the accent of the light scheme, and that of the dark one, where it is given.
    ///
    /// # Errors
    /// With the remedy, for the light (`false`) or the dark one (`true`), when it is no colour or text in it cannot be read.
    pub(super) fn read(light: &str, dark: &str) -> Result<Self, (bool, String)> {
        let light = Colour::parse(light).map_err(|why| (false, why))?;
        light.demand(LIGHT_GROUND, "light", BLACK).map_err(|why| (false, why))?;
        let dark = match dark {
            "" => light.until_readable_on(DARK_GROUND, WHITE),
            given => Colour::parse(given).map_err(|why| (true, why))?,
        };
        dark.demand(DARK_GROUND, "dark", WHITE).map_err(|why| (true, why))?;
        Ok(Self { light, dark })
    }

    /// The rules that set it over those of the pages.
    pub(super) fn to_css(&self) -> String {
        let rules = |accent: Colour, strong: Colour, on: Colour| {
            format!(
                ":root {{ --accent: {}; --accent-strong: {}; --on-accent: {}; }}",
                accent.write(),
                strong.write(),
                on.write()
            )
        };
        let light = rules(self.light, self.light.towards(BLACK, 25), WHITE);
        let dark = rules(self.dark, self.dark.towards(WHITE, 30), DARK_INK);
        format!("{light}\n@media screen and (prefers-color-scheme: dark) {{ {dark} }}\n")
    }
}

impl Colour {
    fn parse(text: &str) -> Result<Self, String> {
        let wanted = || "Give a colour as #rrggbb, such as \"#1b6157\", or \"\".".to_owned();
        let digits = text.trim().strip_prefix('#').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let digits = match digits {
            Some(digits) if digits.len() == 6 => digits.to_owned(),
            Some(digits) if digits.len() == 3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
            _ => return Err(wanted()),
        };
        let part = |at: usize| digits.get(at..at + 2).and_then(|part| u8::from_str_radix(part, 16).ok());
        match (part(0), part(2), part(4)) {
            (Some(red), Some(green), Some(blue)) => Ok(Self([red, green, blue])),
            _ => Err(wanted()),
        }
    }

    fn write(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    fn luminance(self) -> f64 {
        let linear = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance() + 0.05, other.luminance() + 0.05);
        one.max(two) / one.min(two)
    }

    /// So many hundredths of the way to another colour.
    fn towards(self, other: Self, hundredths: u16) -> Self {
        let mut mixed = self.0;
        for (part, goal) in mixed.iter_mut().zip(other.0) {
            let sum = u16::from(*part) * (100 - hundredths) + u16::from(goal) * hundredths;
            *part = u8::try_from(sum / 100).unwrap_or(u8::MAX);
        }
        Self(mixed)
    }

    /// The first colour on the way to another that can be read on a ground.
    fn until_readable_on(self, ground: Self, other: Self) -> Self {
        let steps = (0..=100).map(|hundredths| self.towards(other, hundredths));
        steps.into_iter().find(|colour| colour.contrast(ground) >= READABLE).unwrap_or(other)
    }

    /// Refuses a colour in which text cannot be read, and names one that goes.
    fn demand(self, ground: Self, scheme: &str, towards: Self) -> Result<(), String> {
        let contrast = self.contrast(ground);
        match contrast >= READABLE {
            true => Ok(()),
            false => Err(format!(
                "Its contrast with the {scheme} ground is {contrast:.1}:1, and text needs {READABLE}:1: give {}, for one.",
                self.until_readable_on(ground, towards).write()
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accent_without_contrast_is_refused_in_words_with_a_colour_that_goes() {
        for (light, dark, words) in [
            ("#ffcc00", "", "light ground is 1.3:1"),
            ("#ff5500", "", "light ground"),
            ("#1b6157", "#1b6157", "dark ground"),
            ("teal", "", "#rrggbb"),
            ("#12345", "", "#rrggbb"),
            ("#ggg", "", "#rrggbb"),
            ("#1b6157; } body { display: none", "", "#rrggbb"),
            ("#1b6157", "url(x)", "#rrggbb"),
        ] {
            let (is_dark, why) = Accent::read(light, dark).unwrap_err();
            assert!(why.contains(words), "{light}: {why}");
            assert_eq!(is_dark, !dark.is_empty(), "{light}");
            if let Some((_, proposed)) = why.split_once("give #").filter(|_| why.contains("for one")) {
                let proposed = format!("#{}", &proposed[..6]);
                assert!(
                    Accent::read(if is_dark { light } else { &proposed }, if is_dark { &proposed } else { "" }).is_ok()
                );
            }
        }
    }

    #[test]
    fn accent_is_readable_in_both_schemes() {
        for light in ["#1b6157", "#00f", "#8b0000", "#000000", "#5a3ea6", " #0a5 ".trim()] {
            let Ok(accent) = Accent::read(light, "") else { continue };
            assert!(accent.light.contrast(LIGHT_GROUND) >= READABLE && accent.light.contrast(WHITE) >= READABLE);
            assert!(accent.dark.contrast(DARK_GROUND) >= READABLE && accent.dark.contrast(DARK_INK) >= READABLE);
            let (light, dark) = (accent.light.towards(BLACK, 25), accent.dark.towards(WHITE, 30));
            assert!(light.contrast(LIGHT_GROUND) >= READABLE && dark.contrast(DARK_GROUND) >= READABLE);
        }
        assert_eq!(Colour::parse("#08f"), Colour::parse("#0088FF"));
        let css = Accent::read("#5a3ea6", "").unwrap().to_css();
        assert!(css.contains("--accent: #5a3ea6;") && css.contains("prefers-color-scheme: dark"), "{css}");
    }
}
