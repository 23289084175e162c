ALTER TABLE account DROP COLUMN language;
