using System.Globalization;
using System.Numerics;

namespace BillApis.Cli.Verification;

/// <summary>What is wrong with an invoice, each with the line and field.</summary>
internal sealed class Findings
{
    private readonly List<string> _found = [];

    public IReadOnlyList<string> All => _found;

    public void Add(string field, string what) => _found.Add($"{field}: {what}");

    public void AddAll(Findings others) => _found.AddRange(others._found);

    /// <summary>An amount that is recomputed.</summary>
    public void Expect(string field, Money says, BigInteger minor, string why)
    {
        if (says.MinorUnits != minor)
        {
            Add(field, string.Create(CultureInfo.InvariantCulture, $"the invoice says {says}, but {why} is {Rational.Of(minor, says.Currency.MinorUnitDigits)}"));
        }
    }

    /// <summary>A number that is recomputed.</summary>
    public void Expect(string field, decimal? says, Rational? value, string why)
    {
        if (says is null != value is null || (says is { } number && (Rational)number != value!.Value))
        {
            Add(field, string.Create(CultureInfo.InvariantCulture, $"the invoice says {says?.ToString(CultureInfo.InvariantCulture) ?? "nothing"}, but {why} is {value?.ToString() ?? "nothing"}"));
        }
    }
}
