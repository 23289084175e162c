-- Networks from which nobody signs up or in, or only with a review (people PPL-154b). Each address has few networks that hold it,
-- and they are asked for by their texts.
CREATE TABLE auth_ip_block (
    id TEXT NOT NULL PRIMARY KEY,
    network TEXT NOT NULL UNIQUE,
    severity TEXT NOT NULL,
    comment TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);

-- Domains with whose addresses nobody signs up, in the same way by their texts.
CREATE TABLE auth_email_domain_block (
    id TEXT NOT NULL PRIMARY KEY,
    domain TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);
