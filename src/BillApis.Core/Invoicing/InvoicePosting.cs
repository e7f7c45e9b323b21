using BillApis.Invoicing;
using BillApis.Ledger;
using NodaTime;

namespace BillApis;

/// <summary>What happened to an invoice, with what it does to the books: both are stored with the invoice.</summary>
internal static class InvoicePosting
{
    /// <summary>What an event of an issued invoice says whose revenue schedules are stored with it; those of earlier versions say nothing.</summary>
    public const string Scheduled = """{"schedules":"stored"}""";

    public static IReadOnlyList<BillingEvent> Issued(Invoice invoice, Instant at) => Events(
        "invoice.issued", invoice, at, [
            .. Postings.InvoiceIssued(AmountsOf(invoice), at), .. Postings.CreditUsed(invoice.Tenant, invoice.Id, invoice.Customer, invoice.Prepaid, invoice.CreditTotal, at),
            .. Postings.InvoiceCredited(invoice.Tenant, invoice.Id, invoice.Customer, invoice.Granted, at)], also: invoice.Status is InvoiceStatus.Paid ? "invoice.paid" : null, data: Scheduled);

    public static IReadOnlyList<BillingEvent> Canceled(Invoice before, Invoice invoice, Instant at) => Events(
        "invoice.canceled", invoice, at, before.Status is InvoiceStatus.Draft
            ? []
            : [.. Postings.InvoiceCanceled(AmountsOf(invoice), at), .. Postings.CreditReturned(invoice.Tenant, invoice.Id, invoice.Customer, invoice.Prepaid, invoice.CreditTotal, at)]);

    public static IReadOnlyList<BillingEvent> WrittenOff(Invoice before, Invoice invoice, Instant at) => Events(
        "invoice.written_off", invoice, at, Postings.InvoiceWrittenOff(invoice.Tenant, invoice.Id, invoice.Customer, before.Due, at));

    public static IReadOnlyList<BillingEvent> Paid(Invoice invoice, InvoicePayment payment) => Events(
        "payment.received", invoice, payment.At,
        Postings.PaymentReceived(invoice.Tenant, payment.Id, Postings.External, invoice.Customer, payment.Amount, payment.At),
        also: invoice.Status is InvoiceStatus.Paid ? "invoice.paid" : null);

    private static InvoiceAmounts AmountsOf(Invoice invoice)
    {
        // Promotional credit does not lessen what was earned: it is an expense of its own.
        Money Sum(bool inAdvance) => invoice.Lines.Where(line => line.InAdvance == inAdvance).Aggregate(Money.Zero(invoice.Currency), (sum, line) => sum + line.NetOfTax + (line.Credit ?? Money.Zero(invoice.Currency)));
        return new InvoiceAmounts(invoice.Tenant, invoice.Id, invoice.Customer, Sum(inAdvance: false), Sum(inAdvance: true), invoice.TaxTotal);
    }

    private static IReadOnlyList<BillingEvent> Events(string type, Invoice invoice, Instant at, System.Collections.Immutable.ImmutableArray<Transfer> transfers, string? also = null, string data = "{}")
    {
        var subject = invoice.Id.ToString();
        BillingEvent?[] events = [new(type, subject, at, data), also is null ? null : new(also, subject, at), LedgerPosting.Of(transfers, subject, at)];
        return [.. events.OfType<BillingEvent>()];
    }
}
