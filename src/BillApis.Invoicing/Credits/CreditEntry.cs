using NodaTime;

namespace BillApis.Invoicing;

/// <summary>A movement of a grant; entries are only ever added, and their sum is the balance.</summary>
/// <param name="Id">The id, derived from the grant and the number.</param>
/// <param name="Grant">The grant.</param>
/// <param name="Number">Its place among the movements of the grant, from 0 and without gaps.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Amount">How much came, or where negative, went.</param>
/// <param name="Balance">What was left after it, never negative.</param>
/// <param name="At">When.</param>
/// <param name="Invoice">The invoice that used it, or gave it back.</param>
public sealed record CreditEntry(CreditEntryId Id, CreditGrantId Grant, int Number, CreditEntryKind Kind, Money Amount, Money Balance, Instant At, InvoiceId? Invoice = null);

/// <summary>What moved a grant.</summary>
public enum CreditEntryKind
{
    /// <summary>It was given or bought.</summary>
    Granted,

    /// <summary>A new period of a recurring grant filled it up again.</summary>
    Refilled,

    /// <summary>An invoice used some.</summary>
    Used,

    /// <summary>An invoice that had used some was withdrawn.</summary>
    Returned,

    /// <summary>What was left ran out, or was not carried into the next period.</summary>
    Expired,

    /// <summary>What was left was withdrawn.</summary>
    Voided,
}
