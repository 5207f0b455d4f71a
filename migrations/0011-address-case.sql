-- The case of an address means nothing, and addresses are ASCII. By the rules of some languages the small letter of I is
-- another one than i. There the columns get rules of their own, which their unique indexes follow: both are built anew.

do $$
begin
  if lower('I') <> 'i' then
    alter table contact alter column email type text collate "C";
    alter table agent alter column email type text collate "C";
  end if;
end $$;
