-- Numbers of days that are over, kept apart from the events that they were counted from (people PPL-161).
CREATE TABLE auth_day (
    day BIGINT NOT NULL,
    name TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (day, name)
);
