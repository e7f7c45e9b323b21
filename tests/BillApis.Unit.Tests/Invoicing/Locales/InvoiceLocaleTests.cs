using System.Globalization;
using BillApis.Invoicing;
using NodaTime;

namespace BillApis.Unit.Tests.Invoicing.Locales;

/// <summary>The expected texts are the Unicode CLDR's, written down by hand; a non-breaking space stands as '_', a narrow one as '~'.</summary>
public sealed class InvoiceLocaleTests
{
    [Theory]
    [InlineData("en", "USD", "1234567.50", "$1,234,567.50")]
    [InlineData("en", "USD", "-3.50", "-$3.50")]
    [InlineData("en", "JPY", "1234568", "¥1,234,568")]
    [InlineData("en", "CHF", "-3.50", "-CHF_3.50")]
    [InlineData("en", "KWD", "999.5", "KWD_999.500")]
    [InlineData("en-GB", "USD", "1234.5", "US$1,234.50")]
    [InlineData("de", "EUR", "1234567.50", "1.234.567,50_€")]
    [InlineData("de", "CAD", "-3.50", "-3,50_CA$")]
    [InlineData("de", "JPY", "1234", "1.234_¥")]
    [InlineData("fr", "EUR", "1234567.50", "1~234~567,50_€")]
    [InlineData("fr", "USD", "-3.50", "-3,50_$US")]
    [InlineData("fr", "JPY", "1234568", "1~234~568_JPY")]
    [InlineData("hi", "INR", "1234567.50", "₹12,34,567.50")]
    [InlineData("hi", "INR", "123456789.01", "₹12,34,56,789.01")]
    [InlineData("hi", "INR", "-999", "-₹999.00")]
    [InlineData("hi", "JPY", "1234568", "JP¥12,34,568")]
    [InlineData("ja", "JPY", "1234568", "￥1,234,568")]
    [InlineData("ja", "CNY", "1234567.5", "元_1,234,567.50")]
    [InlineData("ja", "USD", "-3.5", "-$3.50")]
    public void Amounts(string tag, string currency, string amount, string expected) =>
        InvoiceLocale.Of(tag).Format(Money.Of(decimal.Parse(amount, CultureInfo.InvariantCulture), Currency.Parse(currency))).ShouldBe(Spaced(expected));

    [Theory]
    [InlineData("en", "USD", "100", "$100.00")]
    [InlineData("en", "USD", "0.000125", "$0.000125")]
    [InlineData("en", "JPY", "0.02", "¥0.02")]
    [InlineData("en", "JPY", "1200", "¥1,200")]
    [InlineData("de", "EUR", "-1234.5", "-1.234,50_€")]
    [InlineData("fr", "EUR", "0.0015", "0,0015_€")]
    [InlineData("hi", "INR", "123456.789", "₹1,23,456.789")]
    public void Prices_of_one(string tag, string currency, string price, string expected) =>
        InvoiceLocale.Of(tag).Format(decimal.Parse(price, CultureInfo.InvariantCulture), Currency.Parse(currency)).ShouldBe(Spaced(expected));

    [Theory]
    [InlineData("en", "March 1, 2026", "December 31, 2026")]
    [InlineData("en-GB", "1 March 2026", "31 December 2026")]
    [InlineData("de", "1. März 2026", "31. Dezember 2026")]
    [InlineData("fr", "1 mars 2026", "31 décembre 2026")]
    [InlineData("hi", "1 मार्च 2026", "31 दिसंबर 2026")]
    [InlineData("ja", "2026年3月1日", "2026年12月31日")]
    public void Dates(string tag, string march, string december)
    {
        var locale = InvoiceLocale.Of(tag);
        (locale.Format(new LocalDate(2026, 3, 1)), locale.Format(new LocalDate(2026, 12, 31))).ShouldBe((march, december));
    }

    [Theory]
    [InlineData("en", "1,234,567.125")]
    [InlineData("de", "1.234.567,125")]
    [InlineData("fr", "1~234~567,125")]
    [InlineData("hi", "12,34,567.125")]
    [InlineData("ja", "1,234,567.125")]
    public void Quantities(string tag, string expected)
    {
        InvoiceLocale.Of(tag).Format(1234567.1250m).ShouldBe(Spaced(expected));
        InvoiceLocale.Of(tag).Format(-7m).ShouldBe("-7");
    }

    [Theory]
    [InlineData(null, "en")]
    [InlineData("", "en")]
    [InlineData("DE", "de")]
    [InlineData("de-AT", "de")]
    [InlineData("fr_CA", "fr")]
    [InlineData("en-gb", "en-GB")]
    [InlineData("tlh", "en")]
    public void The_nearest_language_is_taken(string? asked, string found) => InvoiceLocale.Of(asked).Tag.ShouldBe(found);

    [Fact]
    public void Every_language_has_every_word()
    {
        InvoiceLocale.Tags.ShouldBe(["en", "en-GB", "de", "fr", "hi", "ja"]);
        foreach (var tag in InvoiceLocale.Tags)
        {
            Enum.GetValues<InvoiceLabel>().Select(label => InvoiceLocale.Of(tag)[label]).ShouldAllBe(word => !string.IsNullOrWhiteSpace(word), tag);
        }

        InvoiceLocale.Of("de")[InvoiceLabel.AmountDue].ShouldBe("Offener Betrag");
        InvoiceLocale.Of("fr")[InvoiceLabel.Page].ShouldBe("Page");
        InvoiceLocale.Of("ja")[InvoiceLabel.Page].ShouldBe("ページ");
        InvoiceLocale.Of("hi")[InvoiceLabel.Page].ShouldBe("पृष्ठ");
    }

    [Fact]
    public void The_machines_culture_does_not_matter()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("ar-SA");
            InvoiceLocale.Of("en").Format(Money.Of(-1234.5m, Currency.Parse("USD"))).ShouldBe("-$1,234.50");
            InvoiceLocale.Of("en").Format(new LocalDate(2026, 3, 1)).ShouldBe("March 1, 2026");
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static string Spaced(string text) => text.Replace('_', '\u00A0').Replace('~', '\u202F');
}
