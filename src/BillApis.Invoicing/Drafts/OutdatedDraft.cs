namespace BillApis.Invoicing;

/// <summary>Withdraws drafts that nobody will issue, because what they were made of is not billed any more.</summary>
public static class OutdatedDraft
{
    /// <summary>The draft, withdrawn and empty: unlike one that a person withdrew it waives nothing, so that what it said counts nowhere as billed.</summary>
    /// <exception cref="BillingException">It is not a draft any more.</exception>
    public static Invoice Outdated(this Invoice draft)
    {
        ArgumentNullException.ThrowIfNull(draft);
        return draft.Cancel() with { Lines = [], Discounts = [], Coupons = [], TaxLines = [], Credits = [] };
    }
}
