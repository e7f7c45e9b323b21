using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>The lines, allowances and taxes of a document as EN 16931 wants them: without tax, and each line in one category of VAT.</summary>
internal sealed record UblBody(ImmutableArray<UblLine> Lines, ImmutableArray<UblAllowance> Allowances, ImmutableArray<UblSubtotal> Subtotals, Money LineTotal, Money AllowanceTotal, Money Tax, string? TaxCountry)
{
    /// <summary>Whether anything is subject to VAT.</summary>
    public bool HasVat => Subtotals.Any(item => item.Category.Code is not "O");

    public static UblBody Of(Invoice invoice)
    {
        var taxed = invoice.Lines.Any(line => !line.Taxes.IsEmpty);
        ImmutableArray<UblLine> lines = [.. invoice.Lines.Select(line => new UblLine(line.Description, line.Quantity, NetOf(line), UblCategory.Of(line.Taxes, taxed), TimeOf(line.Period), line.Subscription))];
        var shares = invoice.Lines.Zip(lines).Where(pair => !HasTaxInside(pair.First)).SelectMany(pair => (UblAllowance[])[
            new(pair.First.Discount ?? Money.Zero(invoice.Currency), "Discount", pair.Second.Category),
            new(pair.First.Credit ?? Money.Zero(invoice.Currency), "Promotional credit", pair.Second.Category)]);
        ImmutableArray<UblAllowance> allowances = [.. shares.GroupBy(share => (share.Reason, share.Category)).Select(group => group.First() with { Amount = Sum(group.Select(share => share.Amount), invoice.Currency) })
            .Where(share => !share.Amount.IsZero)];
        var taxes = invoice.Lines.Zip(lines, (line, ubl) => (ubl.Category, Tax: Sum(line.Taxes.Select(tax => tax.Amount), invoice.Currency)));
        return Of(lines, allowances, taxes, invoice.Currency, CountryOf(invoice));
    }

    public static UblBody Of(CreditMemo memo, Invoice invoice)
    {
        var billed = invoice.Lines.ToDictionary(line => line.Id);
        var taxed = invoice.Lines.Any(line => !line.Taxes.IsEmpty);
        ImmutableArray<UblLine> lines = [.. memo.Lines.Select(line => new UblLine(line.Description, 1, line.Net, UblCategory.Of(billed[line.Line].Taxes, taxed), TimeOf(billed[line.Line].Period), billed[line.Line].Subscription))];
        return Of(lines, [], memo.Lines.Zip(lines, (line, ubl) => (ubl.Category, line.Tax)), memo.Currency, CountryOf(invoice));
    }

    private static UblBody Of(ImmutableArray<UblLine> lines, ImmutableArray<UblAllowance> allowances, IEnumerable<(UblCategory Category, Money Tax)> taxes, Currency currency, string? country)
    {
        var byCategory = taxes.ToLookup(item => item.Category, item => item.Tax);
        ImmutableArray<UblSubtotal> subtotals = [.. lines.Select(line => line.Category).Distinct().Select(category => new UblSubtotal(
            category,
            Sum(lines.Where(line => line.Category == category).Select(line => line.Net), currency) - Sum(allowances.Where(item => item.Category == category).Select(item => item.Amount), currency),
            Sum(byCategory[category], currency)))];
        return new UblBody(lines, allowances, subtotals, Sum(lines.Select(line => line.Net), currency), Sum(allowances.Select(item => item.Amount), currency), Sum(subtotals.Select(item => item.Tax), currency), country);
    }

    // Where tax is in the prices, so it is in coupons and credits: only the line without all of them has an amount of its own.
    private static Money NetOf(InvoiceLine line) => HasTaxInside(line) ? line.NetOfTax : line.Amount;

    private static bool HasTaxInside(InvoiceLine line) => line.Taxes.Any(tax => tax.Tax.Inclusive);

    private static Interval? TimeOf(Interval? period) => period is { } span && span.End > span.Start ? span : null;

    private static string? CountryOf(Invoice invoice) => invoice.TaxLines.Select(tax => tax.Tax.Country).FirstOrDefault();

    private static Money Sum(IEnumerable<Money> amounts, Currency currency) => amounts.Aggregate(Money.Zero(currency), (sum, amount) => sum + amount);
}

/// <summary>A line, without tax and before allowances.</summary>
internal sealed record UblLine(string Name, decimal Quantity, Money Net, UblCategory Category, Interval? Period, SubscriptionId? Subscription);

/// <summary>What coupons or promotional credits took off the lines of a category.</summary>
internal sealed record UblAllowance(Money Amount, string Reason, UblCategory Category);

/// <summary>A category of VAT, what it is computed on, and what it comes to.</summary>
internal sealed record UblSubtotal(UblCategory Category, Money Taxable, Money Tax);

/// <summary>A category of VAT after UNCL 5305, with the reason where none is charged.</summary>
internal sealed record UblCategory(string Code, decimal Percent, string? ReasonCode = null, string? Reason = null)
{
    private static readonly UblCategory NotSubject = new("O", 0, "VATEX-EU-O", "Not subject to VAT");
    private static readonly UblCategory Zero = new("Z", 0);

    /// <summary>The category of a line: taxes of several names are one rate, their sum.</summary>
    /// <param name="taxes">What the line bears.</param>
    /// <param name="anyTaxed">Whether any line of the document bears one; what is not subject to VAT never stands beside what is.</param>
    public static UblCategory Of(ImmutableArray<LineTax> taxes, bool anyTaxed)
    {
        var rate = taxes.Where(tax => tax.Tax.Treatment is TaxTreatment.Standard).Sum(tax => tax.Tax.Percentage);
        return taxes.IsEmpty ? anyTaxed ? Zero : NotSubject
            : rate > 0 ? new UblCategory("S", rate)
            : taxes.Any(tax => tax.Tax.Treatment is TaxTreatment.ReverseCharge) ? new UblCategory("AE", 0, "VATEX-EU-AE", "Reverse charge")
            : taxes.Any(tax => tax.Tax.Treatment is TaxTreatment.Exempt) ? new UblCategory("E", 0, null, "Exempt")
            : Zero;
    }
}
