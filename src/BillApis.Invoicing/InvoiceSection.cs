namespace BillApis.Invoicing;

/// <summary>What an invoice over several subscriptions is for one of them.</summary>
/// <param name="Subscription">The subscription.</param>
/// <param name="Sequence">The number of its boundary.</param>
/// <param name="Correction">The place of its adjustments among all corrections of the subscription's bills; null where nothing is adjusted.</param>
public sealed record InvoiceSection(SubscriptionId Subscription, int Sequence, int? Correction)
{
    /// <summary>What the customer reads over its lines: the name of the plan as it was then.</summary>
    public string? Description { get; init; }
}
