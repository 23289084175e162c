-- The first statement works, the second does not.
CREATE TABLE other_half (id TEXT NOT NULL PRIMARY KEY);
INSERT INTO nowhere (id) VALUES ('two');
