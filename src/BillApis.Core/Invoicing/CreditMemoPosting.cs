using BillApis.Invoicing;
using BillApis.Ledger;
using NodaTime;

namespace BillApis;

/// <summary>What happened to a credit memo, with what it does to the books: both are stored with it.</summary>
internal static class CreditMemoPosting
{
    public static IReadOnlyList<BillingEvent> Issued(CreditMemo memo, Invoice invoice) => Events("credit_memo.issued", memo, invoice, memo.IssuedAt, LedgerPosting.Of(Postings.CreditMemoIssued(AmountsOf(memo), memo.IssuedAt), memo.Id.ToString(), memo.IssuedAt));

    public static IReadOnlyList<BillingEvent> Canceled(CreditMemo memo, Invoice invoice, Instant at) => Events("credit_memo.canceled", memo, invoice, at, LedgerPosting.Of(Postings.CreditMemoCanceled(AmountsOf(memo), at), memo.Id.ToString(), at));

    private static CreditMemoAmounts AmountsOf(CreditMemo memo)
    {
        Money Sum(bool inAdvance) => memo.Lines.Where(line => line.InAdvance == inAdvance).Aggregate(Money.Zero(memo.Currency), (sum, line) => sum + line.Net);
        var none = Money.Zero(memo.Currency);
        return new CreditMemoAmounts(
            memo.Tenant, memo.Id, memo.Customer, Sum(inAdvance: false), Sum(inAdvance: true), memo.TaxTotal, memo.Refund ? none : memo.Returned, memo.Refund ? memo.Returned : none);
    }

    private static IReadOnlyList<BillingEvent> Events(string type, CreditMemo memo, Invoice invoice, Instant at, BillingEvent? posting)
    {
        BillingEvent?[] events = [new(type, memo.Id.ToString(), at), invoice.Status is InvoiceStatus.Paid && invoice.PaidAt == at ? new("invoice.paid", invoice.Id.ToString(), at) : null, posting];
        return [.. events.OfType<BillingEvent>()];
    }
}
