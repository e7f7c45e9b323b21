using BillApis.Invoicing;
using BillApis.Ledger;
using NodaTime;

namespace BillApis;

/// <summary>A credit memo with its invoice, the grant that what was paid becomes, and what it does to the books: all are stored together.</summary>
internal sealed record CreditMemoWrite(Invoice Invoice, CreditMemo Memo, IReadOnlyList<CreditGrant> Grants, IReadOnlyList<BillingEvent> Events)
{
    public static CreditMemoWrite Issued(CreditMemo memo, Invoice invoice) =>
        Of("credit_memo.issued", memo, invoice, HasGrant(memo) ? [GrantOf(memo)] : [], memo.IssuedAt, LedgerPosting.Of(Postings.CreditMemoIssued(AmountsOf(memo), memo.IssuedAt), memo.Id.ToString(), memo.IssuedAt));

    /// <summary>The grant that it became is withdrawn from the customer's book.</summary>
    /// <exception cref="BillingException">The credit was used.</exception>
    public static CreditMemoWrite Canceled(CreditMemo memo, Invoice invoice, CreditBook book, Instant now)
    {
        if (HasGrant(memo))
        {
            book.Put([Unused(book.Of(memo.Customer).Single(grant => grant.Id == GrantIdOf(memo)), memo).Void(now)]);
        }

        var write = Of("credit_memo.canceled", memo, invoice, book.MovedUntil(now), now, LedgerPosting.Of(Postings.CreditMemoCanceled(AmountsOf(memo), now), memo.Id.ToString(), now));
        return write with { Events = [.. write.Events, .. book.TopUps([], now)] };
    }

    /// <summary>Whether what was paid became credit of the customer.</summary>
    public static bool HasGrant(CreditMemo memo) => !memo.Refund && !memo.Returned.IsZero;

    /// <summary>The grant's id follows from the credit memo.</summary>
    public static CreditGrantId GrantIdOf(CreditMemo memo) => EntityId.Derive<CreditGrantId>(memo.IssuedAt, memo.Id.ToString());

    private static CreditGrant Unused(CreditGrant grant, CreditMemo memo) => grant.Balance == grant.Amount
        ? grant
        : throw new BillingException(BillingErrorCode.Conflict, $"The credit of the credit memo '{memo.Id}' was used and it cannot be canceled any more.");

    private static CreditGrant GrantOf(CreditMemo memo) => new CreditGrant
    {
        Id = GrantIdOf(memo),
        Tenant = memo.Tenant,
        Customer = memo.Customer,
        Category = CreditCategory.Paid,
        Memo = memo.Id,
        Amount = memo.Returned,
        Balance = Money.Zero(memo.Currency),
        Period = new GrantPeriod(memo.IssuedAt),
        AsOf = memo.IssuedAt,
        CreatedAt = memo.IssuedAt,
    }.Opened();

    private static CreditMemoAmounts AmountsOf(CreditMemo memo)
    {
        Money Sum(bool inAdvance) => memo.Lines.Where(line => line.InAdvance == inAdvance).Aggregate(Money.Zero(memo.Currency), (sum, line) => sum + line.Net);
        var none = Money.Zero(memo.Currency);
        return new CreditMemoAmounts(
            memo.Tenant, memo.Id, memo.Customer, Sum(inAdvance: false), Sum(inAdvance: true), memo.TaxTotal, memo.Refund ? none : memo.Returned, memo.Refund ? memo.Returned : none);
    }

    private static CreditMemoWrite Of(string type, CreditMemo memo, Invoice invoice, IReadOnlyList<CreditGrant> grants, Instant at, BillingEvent? posting)
    {
        BillingEvent?[] events = [new(type, memo.Id.ToString(), at), invoice.Status is InvoiceStatus.Paid && invoice.PaidAt == at ? new("invoice.paid", invoice.Id.ToString(), at) : null, posting];
        return new CreditMemoWrite(invoice, memo, grants, [.. events.OfType<BillingEvent>(), .. grants.SelectMany(CreditEvents.Of)]);
    }
}
