using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace BillApis.Invoicing;

/// <summary>The VAT numbers of the European Union, by the form that each country gives them.</summary>
public static partial class VatNumber
{
    // As VIES lists them, without the country's prefix; Greece writes EL, Northern Ireland XI.
    private static readonly FrozenDictionary<string, (string Prefix, Regex Form)> Forms = new (string Country, string Prefix, string Form)[]
    {
        ("AT", "AT", @"U\d{8}"), ("BE", "BE", @"[01]\d{9}"), ("BG", "BG", @"\d{9,10}"), ("CY", "CY", @"\d{8}[A-Z]"), ("CZ", "CZ", @"\d{8,10}"),
        ("DE", "DE", @"\d{9}"), ("DK", "DK", @"\d{8}"), ("EE", "EE", @"\d{9}"), ("ES", "ES", @"[A-Z]\d{7}[A-Z]|\d{8}[A-Z]|[A-Z]\d{8}"), ("FI", "FI", @"\d{8}"),
        ("FR", "FR", @"[0-9A-HJ-NP-Z]{2}\d{9}"), ("GR", "EL", @"\d{9}"), ("HR", "HR", @"\d{11}"), ("HU", "HU", @"\d{8}"), ("IE", "IE", @"\d[0-9A-Z+*]\d{5}[A-Z]|\d{7}[A-Z]{1,2}"),
        ("IT", "IT", @"\d{11}"), ("LT", "LT", @"\d{9}|\d{12}"), ("LU", "LU", @"\d{8}"), ("LV", "LV", @"\d{11}"), ("MT", "MT", @"\d{8}"),
        ("NL", "NL", @"[0-9A-Z+*]{10}\d{2}|\d{9}B\d{2}"), ("PL", "PL", @"\d{10}"), ("PT", "PT", @"\d{9}"), ("RO", "RO", @"\d{2,10}"), ("SE", "SE", @"\d{10}01"),
        ("SI", "SI", @"\d{8}"), ("SK", "SK", @"\d{10}"), ("XI", "XI", @"\d{9}|\d{12}|GD\d{3}|HA\d{3}"),
    }.ToFrozenDictionary(item => item.Country, item => (item.Prefix, new Regex($@"^{item.Prefix}(?:{item.Form})\z", RegexOptions.CultureInvariant)), StringComparer.Ordinal);

    /// <summary>Whether it is a VAT number of that country of the European Union in its form, spaces, dots and hyphens aside.</summary>
    public static bool IsValid(string? country, string? number) =>
        country is not null && number is not null && Forms.TryGetValue(country.ToUpperInvariant(), out var known) && known.Form.IsMatch(Plain(number));

    /// <summary>The country of the European Union whose VAT numbers have the form of this one; null where there is none.</summary>
    internal static string? CountryOf(string? number) => number is null ? null : Forms.Where(item => item.Value.Form.IsMatch(Plain(number))).Select(item => item.Key).FirstOrDefault();

    /// <summary>A number in capitals, without spaces, dots and hyphens.</summary>
    internal static string Plain(string number) => Separators().Replace(number.ToUpperInvariant(), "");

    [GeneratedRegex(@"[ .\-]")]
    private static partial Regex Separators();
}
