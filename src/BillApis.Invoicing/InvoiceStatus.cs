namespace BillApis.Invoicing;

/// <summary>Where an invoice is in its life: a draft, then open, then one of the ends.</summary>
public enum InvoiceStatus
{
    /// <summary>It may still change and has no number.</summary>
    Draft,

    /// <summary>It is frozen and waits for payment.</summary>
    Issued,

    /// <summary>A part of it is paid.</summary>
    PartiallyPaid,

    /// <summary>Its due date has passed and something is still due.</summary>
    Overdue,

    /// <summary>Nothing is due any more.</summary>
    Paid,

    /// <summary>What was still due was given up as bad debt.</summary>
    WrittenOff,

    /// <summary>It was withdrawn before anything was paid.</summary>
    Canceled,
}
