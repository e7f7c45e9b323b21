namespace BillApis.Invoicing;

/// <summary>A tax of a jurisdiction at a rate, as it was decided; stored on the invoice and never decided again.</summary>
public sealed record Tax
{
    /// <summary>What the tax is called, for example <c>VAT</c>; different names add up.</summary>
    public required string Name { get; init; }

    /// <summary>The country that levies it, ISO 3166-1 alpha-2.</summary>
    public required string Country { get; init; }

    /// <summary>The state or province that levies it; null for the country.</summary>
    public string? Region { get; init; }

    /// <summary>The category of goods that the rate is for; null for all.</summary>
    public string? Category { get; init; }

    /// <summary>The rate in percent.</summary>
    public required decimal Percentage { get; init; }

    /// <summary>Whether the amounts of the lines have the tax in them.</summary>
    public bool Inclusive { get; init; }

    /// <summary>Whether it is charged, and if not, why.</summary>
    public TaxTreatment Treatment { get; init; }

    /// <summary>The row of the rate tables; null where another source decided.</summary>
    public TaxRateId? Rate { get; init; }
}

/// <summary>Whether a tax is charged, and if not, why.</summary>
public enum TaxTreatment
{
    /// <summary>It is charged at its rate.</summary>
    Standard,

    /// <summary>The customer pays none.</summary>
    Exempt,

    /// <summary>The customer accounts for it: a business in another country of the European Union.</summary>
    ReverseCharge,
}

/// <summary>A tax on a line.</summary>
/// <param name="Tax">The tax.</param>
/// <param name="Amount">The line's share of it.</param>
public sealed record LineTax(Tax Tax, Money Amount);

/// <summary>A tax on an invoice.</summary>
/// <param name="Tax">The tax.</param>
/// <param name="Base">The net amount that it is computed on.</param>
/// <param name="Amount">What it comes to: the one rounding, of which the lines hold their shares.</param>
public sealed record TaxLine(Tax Tax, Money Base, Money Amount);
