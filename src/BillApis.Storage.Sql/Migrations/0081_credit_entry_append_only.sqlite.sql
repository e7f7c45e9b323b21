create trigger billing_credit_entry_kept before update on billing_credit_entry begin select raise(abort, 'a credit entry is never changed'); end;
create trigger billing_credit_entry_stays before delete on billing_credit_entry begin select raise(abort, 'a credit entry is never deleted'); end;
