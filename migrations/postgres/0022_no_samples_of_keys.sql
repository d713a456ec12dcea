-- The server keeps samples of a column's values beside the table, where a destroyed key must not be found either. Writing
-- the column anew drops those gathered so far, and what keys destroyed earlier left in the file.
ALTER TABLE member_keys ALTER COLUMN wrapped_key SET STATISTICS 0;
ALTER TABLE member_keys ALTER COLUMN wrapped_key TYPE text USING wrapped_key || '';
