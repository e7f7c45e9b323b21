using System.Collections.Frozen;

namespace BillApis;

/// <summary>An ISO 4217 currency; the default value is XXX, "no currency".</summary>
public readonly record struct Currency
{
    // ISO 4217 list one of 2026, by minor-unit exponent; the last group was withdrawn since 2022 and stays readable.
    private static readonly FrozenDictionary<string, int> Digits = new (int Digits, string Codes)[]
    {
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (2, "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD"),
        (2, "EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD"),
        (2, "MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD"),
        (2, "SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"),
        (2, "ANG BGN CUC HRK SLL ZWL"),
    }.SelectMany(group => group.Codes.Split(' ').Select(code => (code, group.Digits))).ToFrozenDictionary(item => item.code, item => item.Digits, StringComparer.Ordinal);

    private readonly string? _code;

    private Currency(string code) => _code = code;

    /// <summary>The three-letter code, for example <c>USD</c>.</summary>
    public string Code => _code ?? "XXX";

    /// <summary>How many decimal digits the smallest coin has: 0 for JPY, 2 for USD, 3 for KWD, 4 for CLF.</summary>
    public int MinorUnitDigits => Digits.GetValueOrDefault(Code, 0);

    /// <summary>Every currency, by code.</summary>
    public static IEnumerable<Currency> All => Digits.Keys.Order(StringComparer.Ordinal).Select(code => new Currency(code));

    /// <summary>Reads a code in any letter case; false where ISO 4217 has no such currency.</summary>
    public static bool TryParse(string? code, out Currency currency)
    {
        var upper = code?.ToUpperInvariant() ?? "";
        var known = Digits.ContainsKey(upper);
        currency = known ? new Currency(upper) : default;
        return known;
    }

    /// <summary>Reads a code in any letter case.</summary>
    /// <exception cref="FormatException">ISO 4217 has no such currency with minor units.</exception>
    public static Currency Parse(string code) =>
        TryParse(code, out var currency) ? currency : throw new FormatException($"'{code}' is not an ISO 4217 currency code.");

    /// <summary>Returns <see cref="Code"/>.</summary>
    public override string ToString() => Code;
}
