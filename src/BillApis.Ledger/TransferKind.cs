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

    /// <summary>A part of an invoice was taken back.</summary>
    CreditMemoIssued = 5,

    /// <summary>A credit memo was withdrawn.</summary>
    CreditMemoCanceled = 6,

    /// <summary>An invoice came to less than nothing and became the customer's credit.</summary>
    InvoiceCredited = 7,

    /// <summary>A day of what was invoiced in advance was earned.</summary>
    RevenueReleased = 30,

    /// <summary>A refund that was promised was paid out.</summary>
    RefundPaid = 31,

    /// <summary>What a subscription spent on usage moved.</summary>
    SpendMoved = 40,

    /// <summary>A customer bought credit.</summary>
    CreditBought = 20,

    /// <summary>An invoice used credit.</summary>
    CreditUsed = 21,

    /// <summary>An invoice that had used credit was withdrawn.</summary>
    CreditReturned = 22,

    /// <summary>Credit that a customer had bought ran out.</summary>
    CreditExpired = 23,

    /// <summary>Credit that a customer had bought was withdrawn.</summary>
    CreditVoided = 24,
}
