namespace BillApis.Ledger;

/// <summary>What sort of business a transfer records; the numbers are stable and part of derived ids.</summary>
public enum TransferKind
{
    /// <summary>An invoice was issued.</summary>
    InvoiceIssued = 1,

    /// <summary>An issued invoice was withdrawn.</summary>
    InvoiceCanceled = 2,

    /// <summary>Money came in.</summary>
    PaymentReceived = 3,

    /// <summary>What was still due was given up.</summary>
    InvoiceWrittenOff = 4,
}
