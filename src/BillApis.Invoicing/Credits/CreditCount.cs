using System.Collections.Immutable;

namespace BillApis.Invoicing;

/// <summary>A grant and what its entries come to, as of one moment.</summary>
/// <param name="Grant">The grant as it is stored.</param>
/// <param name="Listed">The balance that lists and limits go by.</param>
/// <param name="Entries">How many entries there are.</param>
/// <param name="Counted">What the entries come to.</param>
/// <param name="Broken">The first entry whose balance those up to it do not give, or before which one is missing; null for none.</param>
/// <param name="Used">What invoices used and did not give back, by its entries.</param>
public sealed record CreditCount(CreditGrant Grant, Money Listed, int Entries, Money Counted, int? Broken, ImmutableDictionary<InvoiceId, Money> Used)
{
    /// <summary>Whether the grant says what its entries give.</summary>
    public bool IsRight => Grant.Balance == Counted && Listed == Counted && Grant.EntryCount == Entries;
}

/// <summary>Something about a grant that does not go with its entries.</summary>
/// <param name="Customer">Whose credit it is.</param>
/// <param name="Grant">The grant.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Kept">What the grant, its last entry or the invoice says.</param>
/// <param name="Counted">What the entries come to.</param>
public sealed record CreditDifference(CustomerId Customer, CreditGrantId Grant, CreditDifferenceKind Kind, Money Kept, Money Counted)
{
    /// <summary>The first entry of the grant whose balance those up to it do not give, or before which one is missing; null for none, and for what is about an invoice.</summary>
    public int? Entry { get; init; }

    /// <summary>The invoice; null for what is not about one.</summary>
    public InvoiceId? Invoice { get; init; }

    /// <summary>Whether a rebuild sets it: entries and issued invoices never change, no balance is below nothing, and none is known where an entry is missing or wrong.</summary>
    public bool CanBeSet => Kind is CreditDifferenceKind.Balance && Entry is null && Counted.MinorUnits >= 0;
}

/// <summary>What does not go with the entries of a grant.</summary>
public enum CreditDifferenceKind
{
    /// <summary>What the grant says is left, or how many entries it has.</summary>
    Balance,

    /// <summary>What an entry says was left after it.</summary>
    Entry,

    /// <summary>What an invoice says that it used.</summary>
    Use,
}
