using System.Globalization;
using BillApis.Unit.Tests.Documents;
using BillApis.Unit.Tests.Invoicing;
using NodaTime;

namespace BillApis.Browser.Tests.Documents;

/// <summary>Documents that are hard to lay out.</summary>
internal static class SampleDocuments
{
    private const string LongWord = "https://billing.example.com/reports/2026/01/usage-by-project-and-region-and-instance-type/0a1b2c3d4e5f60718293a4b5c6d7e8f9.csv";

    /// <summary>The invoice of docs/invoicing.md.</summary>
    public static DocumentText Documented(string locale) => DocumentText.Of(Parties.Documented(), Of(locale));

    /// <summary>Long names, words that cannot be broken at a space, amounts of many digits and below nothing, notes and a purchase order.</summary>
    public static DocumentText Extreme(string locale)
    {
        InvoiceLine[] lines = [
            Bills.Line(98_765_432_109.87m) with { Description = "A description that a sales person wrote, with every service that the framework agreement of last year names, and a reference to its annex " + LongWord, Quantity = 987_654_321.123456789012m, UnitAmount = 123.000000000001m },
            Bills.Line(-1_234_567.89m) with { Description = "Unused time of the plan before", UnitAmount = -1_234_567.89m },
            Bills.Line(0) with { Description = "सेवा और सहायता · サポート · Größenänderung", Quantity = 0, UnitAmount = 0 }];
        var draft = CouponDiscounts.Apply(Bills.Draft(lines), [Bills.Redeemed(new CouponTerms { PercentOff = 12.5m }) with { Description = "A coupon of a long name for partners of the first hour and their friends " + LongWord }]);
        var invoice = InvoiceSettlement.Settle(draft, [Bills.Grant(2_500_000.5m)], Bills.On(draft, Bills.Vat(19), Bills.Vat(1.25m, name: "A levy with a rather long official name of the region")), Bills.Now).Invoice.Issue(Bills.Now, 30) with
        {
            Number = 1_234_567, PurchaseOrder = "PO-2026-" + LongWord[^60..], Notes = "Please pay with the number of the invoice. " + LongWord,
        };
        var parties = Of(locale);
        return DocumentText.Of(invoice, parties with { Customer = parties.Customer with { Name = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft & Partner", Address = new Address(LongWord, null, "Wien", null, "1010", "AT") } });
    }

    /// <summary>Two subscriptions on one invoice, one of a long name.</summary>
    public static DocumentText Consolidated(string locale) => DocumentText.Of(Parties.Consolidated("Framework agreement for every service of the group, " + LongWord), Of(locale));

    /// <summary>A credit memo of it.</summary>
    public static DocumentText ConsolidatedMemo(string locale)
    {
        var invoice = Parties.Consolidated();
        return DocumentText.Of(Parties.Memo(invoice, CreditableLines.Of(invoice, []).Spread(Bills.Dollars(20))), invoice, Of(locale));
    }

    /// <summary>An invoice over 200 lines of 0.01, 0.02 … 2.00.</summary>
    public static Invoice Long() => Bills.Draft([.. Enumerable.Range(1, 200).Select(i => Bills.Line(i / 100m) with
    {
        Description = string.Create(CultureInfo.InvariantCulture, $"Service {i}{(i % 7 == 0 ? " of a name that is so long that it needs a second line, if not a third one, whatever the paper" : "")}"), UnitAmount = i / 100m,
        Period = new Interval(Instant.FromUtc(2026, 1, 1, 0, 0), Bills.Now),
    })]).Issue(Bills.Now, 30) with { Number = 43 };

    /// <summary>A credit memo of the documented invoice.</summary>
    public static DocumentText Memo(string locale)
    {
        var invoice = Parties.Documented();
        return DocumentText.Of(Parties.Memo(invoice, CreditableLines.Of(invoice, []).Spread(Bills.Dollars(20))), invoice, Of(locale));
    }

    private static DocumentParties Of(string locale) => Parties.Of(locale);
}
