using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>How documents write amounts, dates and their own words in one language; the same on every machine, whatever its culture.</summary>
/// <remarks>The forms follow the Unicode CLDR: of dates the long one, of currencies the standard one.</remarks>
public sealed class InvoiceLocale
{
    private const string Space = "\u00A0";
    private readonly LocaleForms _forms;

    private InvoiceLocale(LocaleForms forms) => _forms = forms;

    /// <summary>The languages that there are forms and words of.</summary>
    public static ImmutableArray<string> Tags { get; } = [.. LocaleTable.All.Select(forms => forms.Tag)];

    /// <summary>The BCP 47 tag of the language.</summary>
    public string Tag => _forms.Tag;

    /// <summary>A word or sentence.</summary>
    public string this[InvoiceLabel label] => _forms.Labels[(int)label];

    /// <summary>The nearest to a BCP 47 tag: of the same region, else of the same language, else English.</summary>
    public static InvoiceLocale Of(string? tag)
    {
        var asked = (tag ?? "").Replace('_', '-');
        LocaleForms? Find(string name) => LocaleTable.All.FirstOrDefault(forms => string.Equals(forms.Tag, name, StringComparison.OrdinalIgnoreCase));
        return new(Find(asked) ?? Find(asked.Split('-')[0]) ?? LocaleTable.All[0]);
    }

    /// <summary>For example <c>1.234,50 €</c> in German: always all decimals of the currency.</summary>
    public string Format(Money amount) => Format(amount.Amount, amount.Currency);

    /// <summary>The price of one: at least the decimals of its currency and all that it has, for example <c>$0.000125</c>.</summary>
    public string Format(decimal price, Currency currency)
    {
        var symbol = _forms.SymbolOf(currency);
        var number = Number(Math.Abs(price).ToString($"0.{new string('0', currency.MinorUnitDigits)}{new string('#', 28)}", CultureInfo.InvariantCulture));
        var sign = price < 0 ? "-" : "";
        return _forms.SymbolFirst
            ? $"{sign}{symbol}{(char.IsLetter(symbol[^1]) ? Space : "")}{number}"
            : $"{sign}{number}{Space}{symbol}";
    }

    /// <summary>For example <c>31 janvier 2026</c> in French.</summary>
    public string Format(LocalDate date) => string.Format(CultureInfo.InvariantCulture, _forms.DatePattern, date.Day, _forms.Months[date.Month - 1], date.Year);

    /// <summary>A quantity or unit price with the decimals that it has, for example <c>12,34,567.125</c> in Hindi.</summary>
    public string Format(decimal quantity) =>
        (quantity < 0 ? "-" : "") + Number(Math.Abs(quantity).ToString("0.############################", CultureInfo.InvariantCulture));

    // From the invariant form: the decimal point and the groups are the language's.
    private string Number(string invariant)
    {
        var point = invariant.IndexOf('.', StringComparison.Ordinal);
        var (whole, rest) = point < 0 ? (invariant, "") : (invariant[..point], _forms.DecimalPoint + invariant[(point + 1)..]);
        var grouped = new StringBuilder(whole);
        for (var (place, size) = (whole.Length - 3, _forms.Lakhs ? 2 : 3); place > 0; place -= size)
        {
            grouped.Insert(place, _forms.GroupMark);
        }

        return grouped.Append(rest).ToString();
    }
}
