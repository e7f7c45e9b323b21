using System.Collections.Frozen;
using System.Text.Json;

namespace BillApis.Ledger;

/// <summary>What each kind of account is called and on which side it grows.</summary>
public static class ChartOfAccounts
{
    private static readonly FrozenDictionary<AccountKind, string> Names =
        Enum.GetValues<AccountKind>().ToFrozenDictionary(kind => kind, kind => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString()));

    private static readonly FrozenDictionary<string, AccountKind> Kinds =
        Names.ToFrozenDictionary(item => item.Value, item => item.Key, StringComparer.Ordinal);

    /// <summary>The name of a kind in codes and on the wire, for example <c>deferred_revenue</c>.</summary>
    public static string NameOf(AccountKind kind) => Names[kind];

    /// <summary>Reads the name of a kind; false where there is no such kind.</summary>
    public static bool TryParseName(string? name, out AccountKind kind) => Kinds.TryGetValue(name ?? "", out kind);

    /// <summary>The side on which an account of this kind grows.</summary>
    public static EntrySide NormalSideOf(AccountKind kind) => kind is AccountKind.Receivable or AccountKind.Clearing or AccountKind.PromotionalExpense or AccountKind.BadDebt or AccountKind.Rounding or AccountKind.Spend
        ? EntrySide.Debit
        : EntrySide.Credit;

    /// <summary>Whether the accounts of this kind are one for each customer, so that books show their sum.</summary>
    public static bool IsPerCustomer(AccountKind kind) => kind is AccountKind.Receivable or AccountKind.CustomerCredit or AccountKind.Spend;
}
