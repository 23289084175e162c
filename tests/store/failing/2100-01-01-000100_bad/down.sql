DROP TABLE other_half;
