namespace BillApis.Invoicing;

/// <summary>What an invoice is for.</summary>
public enum InvoiceKind
{
    /// <summary>A boundary of a subscription: what ended there in arrears, what begins there in advance.</summary>
    Subscription,

    /// <summary>A boundary that several subscriptions of a customer have in common.</summary>
    Consolidated,

    /// <summary>Adjustments of a subscription's billed periods, outside of its boundaries.</summary>
    Supplementary,

    /// <summary>Usage so far of periods that run still, because it reached a threshold.</summary>
    Progressive,

    /// <summary>What stands in the place of a subscription's invoice that was withdrawn.</summary>
    Replacement,

    /// <summary>Charges outside of any subscription.</summary>
    OneOff,
}
