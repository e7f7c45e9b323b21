using BillApis.Invoicing;
using NodaTime;
using static BillApis.Unit.Tests.Invoicing.Bills;

namespace BillApis.Unit.Tests.Invoicing;

public sealed class TaxTableTests
{
    private static readonly TaxTable Table = new([
        Row("US", 5), Row("US", 7.25m, region: "CA"), Row("US", 0, category: "food"), Row("US", 2.5m, region: "CA", category: "food"),
        Row("CA", 5, name: "GST"), Row("CA", 9.975m, region: "QC", name: "QST"),
        Row("DE", 16) with { ValidTo = Now }, Row("DE", 19) with { ValidFrom = Now },
        Row("FR", 20), Row("AT", 20) with { ReverseCharge = false }]);

    [Theory]
    [InlineData("US", "NY", null, "5")]
    [InlineData("US", "ca", null, "7.25")]
    [InlineData("US", "NY", "food", "0")]
    [InlineData("US", "CA", "food", "2.5")]
    [InlineData("US", "CA", "toys", "7.25")]
    [InlineData("CA", "QC", null, "5 9.975")]
    [InlineData("CA", null, null, "5")]
    [InlineData("ZZ", null, null, "")]
    [InlineData(null, "CA", null, "")]
    public void The_most_specific_row_of_each_tax_counts(string? country, string? region, string? category, string percentages) =>
        string.Join(' ', Decide(new TaxProfile(country, region), category).Select(tax => Exact.Format(tax.Percentage))).ShouldBe(percentages);

    [Fact]
    public void A_row_counts_from_its_first_instant_until_the_one_that_is_not_included()
    {
        Decide(new TaxProfile("DE"), null, Now - Duration.Epsilon).Single().Percentage.ShouldBe(16);
        Decide(new TaxProfile("DE"), null, Now).Single().Percentage.ShouldBe(19);
    }

    [Theory]
    [InlineData("FR", "FR 40 303 265 045", TaxTreatment.ReverseCharge)]
    [InlineData("FR", "FR4030326504", TaxTreatment.Standard)]
    [InlineData("FR", "DE136695976", TaxTreatment.Standard)]
    [InlineData("AT", "ATU13585627", TaxTreatment.Standard)]
    [InlineData("US", "FR40303265045", TaxTreatment.Standard)]
    public void A_business_with_a_number_of_its_country_accounts_for_the_tax_itself(string country, string number, TaxTreatment treatment) =>
        Decide(new TaxProfile(country, TaxId: number), null).Single().Treatment.ShouldBe(treatment);

    [Fact]
    public void Who_is_exempt_pays_none() => Decide(new TaxProfile("FR", TaxId: "FR40303265045", Exempt: true), null).Single().Treatment.ShouldBe(TaxTreatment.Exempt);

    // The examples of the European Commission's own description of the forms, and near misses of them.
    [Theory]
    [InlineData("AT", "ATU12345678", true)]
    [InlineData("AT", "AT12345678", false)]
    [InlineData("BE", "BE0123456789", true)]
    [InlineData("BE", "BE2123456789", false)]
    [InlineData("CY", "CY12345678X", true)]
    [InlineData("DE", "de 123.456.789", true)]
    [InlineData("DE", "123456789", false)]
    [InlineData("ES", "ESX12345678", true)]
    [InlineData("ES", "ESX1234567X", true)]
    [InlineData("ES", "ES123456789", false)]
    [InlineData("GR", "EL123456789", true)]
    [InlineData("GR", "GR123456789", false)]
    [InlineData("IE", "IE1234567WI", true)]
    [InlineData("NL", "NL123456789B01", true)]
    [InlineData("SE", "SE123456789001", true)]
    [InlineData("SE", "SE123456789002", false)]
    [InlineData("XI", "XIGD123", true)]
    [InlineData("CH", "CHE123456789", false)]
    [InlineData("DE", "DE123456789\n", false)]
    public void A_number_is_checked_by_the_form_of_its_country(string country, string number, bool valid) => VatNumber.IsValid(country, number).ShouldBe(valid);

    private static TaxRate Row(string country, decimal percentage, string? region = null, string? category = null, string name = "Tax") =>
        new() { Country = country, Percentage = percentage, Region = region, TaxCategory = category, Name = name };

    private static IEnumerable<Tax> Decide(TaxProfile customer, string? category, Instant? at = null) =>
        Table.Decide(new TaxQuery(at ?? Now, Usd, customer, [new TaxableLine(category, Dollars(1))])).Lines.Single();
}
