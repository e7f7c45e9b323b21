using System.Collections.Immutable;

namespace BillApis.Invoicing;

/// <summary>How one language writes numbers, dates and currencies, and its words in the order of <see cref="InvoiceLabel"/>.</summary>
internal sealed record LocaleForms
{
    private static readonly ImmutableDictionary<string, string> CommonSymbols = Symbols(
        "AUD=A$ BRL=R$ CAD=CA$ CNY=CN¥ EUR=€ GBP=£ HKD=HK$ ILS=₪ INR=₹ JPY=¥ KRW=₩ MXN=MX$ NZD=NZ$ TWD=NT$ USD=$ VND=₫ XAF=FCFA XCD=EC$ XPF=CFPF");

    public required string Tag { get; init; }
    public required string DecimalPoint { get; init; }
    public required string GroupMark { get; init; }

    /// <summary>Whether all groups but the last have two digits.</summary>
    public bool Lakhs { get; init; }

    public required bool SymbolFirst { get; init; }

    /// <summary>The day is 0, the month's name 1, the year 2.</summary>
    public required string DatePattern { get; init; }

    public required ImmutableArray<string> Months { get; init; }

    /// <summary>Symbols that differ from the common ones.</summary>
    public ImmutableDictionary<string, string> OwnSymbols { get; init; } = ImmutableDictionary<string, string>.Empty;

    public required ImmutableArray<string> Labels { get; init; }

    /// <summary>A currency without a symbol is written by its code.</summary>
    public string SymbolOf(Currency currency) => OwnSymbols.GetValueOrDefault(currency.Code) ?? CommonSymbols.GetValueOrDefault(currency.Code) ?? currency.Code;

    /// <summary>Pairs like <c>USD=$</c>, by spaces.</summary>
    public static ImmutableDictionary<string, string> Symbols(string pairs) =>
        pairs.Split(' ').Select(pair => pair.Split('=')).ToImmutableDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
}
