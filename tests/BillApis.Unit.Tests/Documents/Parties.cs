using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Unit.Tests.Invoicing;
using NodaTime;

namespace BillApis.Unit.Tests.Documents;

/// <summary>A seller, a customer and the invoice of the documentation.</summary>
internal static class Parties
{
    public static DocumentParties Of(string locale) => new(
        new InvoiceParty("Example Software GmbH", new Address("Lange Straße 1", null, "Köln", null, "50667", "DE"), "DE", "DE123456789", "billing@example.com"),
        new InvoiceParty("Beispiel & Söhne <AG>", new Address("Hauptplatz 2", "3. Stock", "Wien", null, "1010", "AT"), "AT", "ATU12345678"),
        DateTimeZone.Utc,
        InvoiceLocale.Of(locale));

    /// <summary>The invoice of docs/invoicing.md.</summary>
    public static Invoice Documented()
    {
        var api = EntityId.New<ProductId>();
        var january = new Interval(Instant.FromUtc(2026, 1, 1, 0, 0), Bills.Now);
        InvoiceLine[] lines = [
            Bills.Line(100) with { Description = "Plan", Kind = LineKind.Flat, Period = new Interval(Bills.Now, Instant.FromUtc(2026, 3, 1, 0, 0)), UnitAmount = 100 },
            Bills.Line(123.45m, api) with { Description = "API calls", Kind = LineKind.Usage, Quantity = 12_345, UnitAmount = 0.01m, Period = january }];
        var draft = CouponDiscounts.Apply(Bills.Draft(lines) with { Period = january }, [Bills.Redeemed(new CouponTerms { PercentOff = 20, Products = [api] }, 2) with { Description = "API launch" }, Bills.Off(10)]);
        var settled = InvoiceSettlement.Settle(draft, [Bills.Grant(15, CreditCategory.Promotional), Bills.Grant(50, priority: 2)], Bills.On(draft, Bills.Vat(19)), Bills.Now);
        return settled.Invoice.Issue(Bills.Now, 30) with { Number = 42 };
    }

    public static readonly SubscriptionId Base = EntityId.Parse<SubscriptionId>("sub_01kg0000000000000000000001"), Team = EntityId.Parse<SubscriptionId>("sub_01kg0000000000000000000002");

    /// <summary>Two subscriptions on one invoice: 100.00 and 10 calls at 1.00 of one, 50.00 at half of the other, a goodwill of 5.00 that nobody subscribed to, and VAT of 19 % on 110 + 25 - 5 = 130: 24.70.</summary>
    public static Invoice Consolidated(string first = "Base", string second = "Team")
    {
        var (january, february) = (new Interval(Instant.FromUtc(2026, 1, 1, 0, 0), Bills.Now), new Interval(Bills.Now, Instant.FromUtc(2026, 3, 1, 0, 0)));
        Invoice Part(SubscriptionId id, params InvoiceLine[] lines) => Bills.Draft(lines) with { Kind = InvoiceKind.Subscription, Subscription = id, Period = january };
        var joined = Consolidation.Of([
            CouponDiscounts.Apply(Part(Team, Bills.Line(50) with { Description = "Seats", Kind = LineKind.Flat, Period = february, UnitAmount = 50 }), [Bills.Percent(50) with { Description = "HALF" }]),
            Part(Base, Bills.Line(10) with { Description = "Calls", Kind = LineKind.Usage, Quantity = 10, UnitAmount = 1, Period = january }, Bills.Line(100) with { Description = "Fee", Kind = LineKind.Flat, Period = february, UnitAmount = 100 })]);
        var draft = joined with
        {
            Lines = [.. joined.Lines.Append(Bills.Line(-5) with { Description = "Goodwill", UnitAmount = -5 }).Select((line, i) => line with { Id = InvoiceCalculator.LineIdOf(joined.Id, Bills.Now, i) })],
            Sections = [.. joined.Sections.Select(section => section with { Description = section.Subscription == Base ? first : second })],
        };
        return InvoiceSettlement.Settle(draft, [], Bills.On(draft, Bills.Vat(19)), Bills.Now).Invoice.Issue(Bills.Now, 30) with { Number = 44 };
    }

    public static CreditMemo Memo(Invoice invoice, ImmutableArray<CreditMemoLine> lines) => new()
    {
        Id = EntityId.New<CreditMemoId>(), Tenant = invoice.Tenant, Customer = invoice.Customer, Invoice = invoice.Id, Currency = invoice.Currency, Lines = lines, Reason = "Too much", Number = 3,
        Applied = Money.Zero(invoice.Currency), IssuedAt = Bills.Now, CreatedAt = Bills.Now,
    };
}
