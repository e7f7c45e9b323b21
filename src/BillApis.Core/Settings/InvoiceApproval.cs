namespace BillApis;

/// <summary>Who issues the invoices of subscriptions.</summary>
public enum InvoiceApproval
{
    /// <summary>They are issued by themselves, once they were drafts for as long as the tenant wants to look at them.</summary>
    Automatic,

    /// <summary>They stay drafts until someone issues them.</summary>
    Manual,
}
