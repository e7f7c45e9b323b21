-- What two others do already: a number is unique as the alias that is made of it, and the invoices of a subscription are found by their periods. Storing an invoice costs two indexes less.
drop index billing_invoice_number;
drop index billing_invoice_subscription;
