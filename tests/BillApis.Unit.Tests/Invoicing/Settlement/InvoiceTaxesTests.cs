using System.Numerics;
using BillApis.Invoicing;
using static BillApis.Unit.Tests.Invoicing.Bills;

namespace BillApis.Unit.Tests.Invoicing;

/// <summary>Every figure here was worked out by hand.</summary>
public sealed class InvoiceTaxesTests
{
    [Fact]
    public void A_tax_is_rounded_once_for_the_invoice_and_spread_over_the_lines()
    {
        var draft = Draft(Line(0.33m), Line(0.33m), Line(0.34m));

        var taxed = InvoiceTaxes.Apply(draft, On(draft, Vat(19)));

        // 19 % of 1.00; the lines' 0.0627, 0.0627 and 0.0646 are 6 cents each and one cent goes to the largest remainder, the third.
        (taxed.TaxTotal.Amount, taxed.TaxLines.Single().Base.Amount, taxed.Total.Amount).ShouldBe((0.19m, 1.00m, 1.19m));
        taxed.Lines.Select(line => line.Taxes.Single().Amount.Amount).ShouldBe([0.06m, 0.06m, 0.07m]);
    }

    [Fact]
    public void No_line_is_rounded_by_itself()
    {
        var draft = Draft(Line(0.13m), Line(0.13m), Line(0.13m));

        InvoiceTaxes.Apply(draft, On(draft, Vat(20))).TaxTotal.Amount.ShouldBe(0.08m); // 0.078, where three times a rounded 0.026 would be 0.09
    }

    [Fact]
    public void A_tax_in_the_price_is_taken_out_of_it_and_adds_nothing()
    {
        var draft = Draft(Line(119), Line(11.90m));

        var taxed = InvoiceTaxes.Apply(draft, On(draft, Vat(19, inclusive: true)));

        (taxed.TaxTotal.Amount, taxed.TaxLines.Single().Base.Amount, taxed.Total.Amount).ShouldBe((20.90m, 110m, 130.90m));
        taxed.Lines.Select(line => (line.Taxes.Single().Amount.Amount, line.NetOfTax.Amount)).ShouldBe([(19m, 100m), (1.90m, 10m)]);
    }

    [Fact]
    public void Taxes_on_top_are_computed_without_the_taxes_in_the_price()
    {
        var draft = Draft(Line(110));

        var taxed = InvoiceTaxes.Apply(draft, On(draft, Vat(5, name: "Levy"), Vat(10, inclusive: true)));

        taxed.TaxLines.Select(tax => (tax.Tax.Name, tax.Base.Amount, tax.Amount.Amount)).ShouldBe([("VAT", 100m, 10m), ("Levy", 100m, 5m)]);
        taxed.Total.Amount.ShouldBe(115m);
    }

    [Fact]
    public void Two_taxes_in_one_price_are_taken_out_together()
    {
        var draft = Draft(Line(118));

        var taxed = InvoiceTaxes.Apply(draft, On(draft, Vat(9, inclusive: true, name: "CGST"), Vat(9, inclusive: true, name: "SGST")));

        taxed.TaxLines.Select(tax => (tax.Base.Amount, tax.Amount.Amount)).ShouldBe([(100m, 9m), (100m, 9m)]);
    }

    [Fact]
    public void What_is_not_charged_is_named_and_comes_to_nothing()
    {
        var draft = Draft(Line(100));

        var taxed = InvoiceTaxes.Apply(draft, On(draft, Vat(19, treatment: TaxTreatment.ReverseCharge)));

        (taxed.TaxLines.Single().Tax.Treatment, taxed.TaxLines.Single().Base.Amount, taxed.TaxTotal.Amount, taxed.Total.Amount).ShouldBe((TaxTreatment.ReverseCharge, 100m, 0m, 100m));
    }

    [Fact]
    public void A_credit_line_takes_its_tax_with_it()
    {
        var draft = Draft(Line(10), Line(-10), Line(-0.05m));

        var taxed = InvoiceTaxes.Apply(draft, On(draft, Vat(10)));

        taxed.TaxTotal.Amount.ShouldBe(-0.01m); // −0.005, half away from zero
        taxed.Lines.Sum(line => line.Taxes.Single().Amount.Amount).ShouldBe(-0.01m);
    }

    [Fact]
    public void Shares_of_any_size_are_those_of_fractions_worked_out_one_by_one()
    {
        var random = new Random(19);
        decimal[] percentages = [0, 19, 7.7m, 0.000000000001m, 8.875m, 99.999999999999m, 1_000, 1_500.5m];
        foreach (var percentage in Enumerable.Range(0, 400).Select(i => percentages[i % percentages.Length]))
        {
            var most = random.Next(3) switch { 0 => 20L, 1 => 1_000_000L, _ => 1L << 56 };
            var cents = Enumerable.Range(0, random.Next(1, 12)).Select(_ => random.NextInt64(-most / 4, most)).ToArray();
            var draft = Draft([.. cents.Select(amount => Line(amount / 100m))]);

            var taxed = InvoiceTaxes.Apply(draft, On(draft, Vat(percentage)));

            taxed.Lines.Select(line => line.Taxes.Single().Amount.MinorUnits).ShouldBe(Shares(cents, percentage));
            taxed.TaxLines.Single().Amount.MinorUnits.ShouldBe(Shares(cents, percentage).Sum());
        }
    }

    // Over one denominator: floors, and what is missing of the rounded sum one by one to the greatest rests, the earlier first.
    private static long[] Shares(long[] cents, decimal percentage)
    {
        var whole = BigInteger.Pow(10, 14);
        var exact = Array.ConvertAll(cents, amount => amount * (BigInteger)(percentage * 1_000_000_000_000m));
        var shares = Array.ConvertAll(exact, part => (long)((part - (((part % whole) + whole) % whole)) / whole));
        var sum = exact.Aggregate(BigInteger.Zero, (all, part) => all + part);
        var rounded = ((2 * BigInteger.Abs(sum)) + whole) / (2 * whole) * sum.Sign;
        for (var rests = exact.Select((part, i) => part - (shares[i] * whole)).ToList(); rounded > shares.Aggregate(BigInteger.Zero, (all, share) => all + share);)
        {
            var greatest = rests.IndexOf(rests.Max());
            shares[greatest]++;
            rests[greatest] = -1;
        }

        return shares;
    }
}
