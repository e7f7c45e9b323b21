using System.Collections.Immutable;
using System.Text.Json;

namespace BillApis.Cli.Tests;

/// <summary>Somebody who changes exported invoices in several places at once and makes all that follows from it agree: coupons, credits, taxes, sums and hashes.</summary>
internal sealed class Forger(InvoiceExport export, Random random)
{
    private readonly Invoice _invoice = export.Invoice.Deserialize<Invoice>(BillingJson.Options)!;

    /// <summary>What can be made up of lines, each by its name; null where an invoice has nothing that could be.</summary>
    public static IReadOnlyDictionary<string, Func<Forger, ImmutableArray<InvoiceLine>?>> Ways { get; } = new Dictionary<string, Func<Forger, ImmutableArray<InvoiceLine>?>>
    {
        ["another amount"] = forger => forger.Changed(line => !line.Amount.IsZero, line => forger.Worth(line, line.Amount.MinorUnits + forger.Some())),
        ["a line is left out"] = forger => forger.Pick(_ => true) is { } k ? forger._invoice.Lines.RemoveAt(k) : null,
        ["a line stands twice"] = forger => forger.Pick(line => line.Price is not null) is { } k ? forger._invoice.Lines.Insert(forger._invoice.Lines.Length, forger._invoice.Lines[k] with { Id = EntityId.New<InvoiceLineId>() }) : null,
        ["another period"] = forger => forger.Changed(line => line.Period is not null && line.Price is not null && line.Kind is not LineKind.Discount, line => forger.Shifted(line, forger.Some(3))),
        ["another quantity of a fixed price"] = forger => forger.Changed(line => line.Kind is LineKind.Flat or LineKind.Seat, line => forger.Priced(line, line.Quantity + Math.Abs(forger.Some(9)))),
        ["another quantity of usage"] = forger => forger.Changed(line => line.Kind is LineKind.Usage && forger.TermsOf(line)?.Model is PerUnitPrice or GraduatedPrice or VolumePrice or PackagePrice, line => forger.Priced(line, line.Quantity + Math.Abs(forger.Some(999)))),
        ["tiers of another quantity"] = forger => forger.Changed(line => line.Kind is LineKind.Usage && line.Tiers.Length > 1, line => line with { Tiers = forger.Priced(line, line.Quantity + 1).Tiers }),
        ["a fee as time that is given back"] = forger => forger.Changed(line => line.Kind is LineKind.Flat or LineKind.Seat && line.Period is not null, line => forger.Worth(line, 0) with { Kind = LineKind.UnusedTime, GivesBack = EntityId.New<InvoiceLineId>(), Tiers = [], UnitAmount = null, Full = line.Period }),
        ["usage as an adjustment"] = forger => forger.Changed(line => line.Kind is LineKind.Usage, line => line with { Kind = LineKind.Adjustment, Adjustment = new LineAdjustment(line.Quantity, line.Amount, forger.Of(100)), Quantity = line.Quantity, Amount = line.Amount - forger.Of(100), UnitAmount = null }),
        ["more was billed"] = forger => forger.Changed(line => line.Adjustment is not null, line => line with { Adjustment = line.Adjustment! with { Billed = line.Adjustment.Billed + forger.Of(7) }, Amount = line.Amount - forger.Of(7) }),
        ["more is charged by now"] = forger => forger.Changed(line => line.Adjustment is not null, line => line with { Adjustment = line.Adjustment! with { Amount = line.Adjustment.Amount + forger.Of(7) }, Amount = line.Amount + forger.Of(7) }),
        ["another quantity was billed"] = forger => forger.Changed(line => line.Adjustment is not null, line => line with { Quantity = line.Quantity + forger.Some() }),
        ["more is given back"] = forger => forger.Changed(line => line.Kind is LineKind.UnusedTime, line => line with { Amount = line.Amount - forger.Of(forger.Some()) }),
        ["more time is given back"] = forger => forger.Changed(line => line.Kind is LineKind.UnusedTime, line => forger.Shifted(line, 1)),
        ["less time is given back"] = forger => forger.Changed(line => line.Kind is LineKind.UnusedTime, line => forger.Shifted(line, -1)),
        ["unused time is left out"] = forger => forger.Pick(line => line.Kind is LineKind.UnusedTime) is { } k ? forger._invoice.Lines.RemoveAt(k) : null,
        ["another part of a fixed price"] = forger => forger.Changed(line => line.Kind is LineKind.Flat or LineKind.Seat && line.Period is not null, line => forger.Priced(line with { Factor = new ProrationFactor(11, 31) }, line.Quantity)),
        ["another part before it"] = forger => forger.Changed(line => line.Before is not null, line => forger.Priced(line with { Before = new ProrationFactor(1, 7) }, line.Quantity)),
        ["no part before it"] = forger => forger.Changed(line => line.Before is not null, line => forger.Priced(line with { Before = null }, line.Quantity)),
        ["a part before what begins"] = forger => forger.Changed(line => line is { Before: null, Kind: LineKind.Flat or LineKind.Seat, Period: not null }, line => forger.Priced(line with { Before = new ProrationFactor(1, 31) }, line.Quantity)),
        ["a fixed price of another time"] = forger => forger.Pick(line => line.Kind is LineKind.Flat or LineKind.Seat && line.Period is not null) is { } k ? forger._invoice.Lines.Add(Before(forger._invoice.Lines[k])) : null,
        ["nothing is charged for a fixed price"] = forger => forger.Pick(line => line.Kind is LineKind.Flat or LineKind.Seat) is { } k ? forger._invoice.Lines.RemoveAt(k) : null,
        ["another line is given back"] = forger => forger.Changed(line => line.GivesBack is not null, line => line with { GivesBack = EntityId.New<InvoiceLineId>() }),
        ["what was adjusted is not said"] = forger => forger.Changed(line => line is { Corrects: not null, Kind: LineKind.Adjustment }, line => line with { Corrects = null, Discount = null }),
        ["another line is adjusted"] = forger => forger.Changed(line => line.Corrects is not null, line => line with { Corrects = forger._invoice.Lines.Select(other => other.Corrects).OfType<InvoiceLineId>().FirstOrDefault(id => id != line.Corrects, EntityId.New<InvoiceLineId>()) }),
        ["a tax of another line"] = forger => forger.Changed(line => line.RefersBack && forger._invoice.Lines.Any(other => !Same(other, line)), line => line with { Taxes = forger._invoice.Lines.First(other => !Same(other, line)).DecidedTaxes }),
        ["no tax"] = forger => forger.Changed(line => line.RefersBack && !line.Taxes.IsEmpty, line => line with { Taxes = [] }),
        ["more is missing to a commitment"] = forger => forger.Changed(line => line.Kind is LineKind.Commitment, line => forger.Worth(line, line.Amount.MinorUnits + forger.Some())),
        ["a commitment is left out"] = forger => forger.Pick(line => line.Kind is LineKind.Commitment) is { } k ? forger._invoice.Lines.RemoveAt(k) : null,
        ["a commitment stands twice"] = forger => forger.Pick(line => line.Kind is LineKind.Commitment) is { } k ? forger._invoice.Lines.Add(forger._invoice.Lines[k] with { Id = EntityId.New<InvoiceLineId>() }) : null,
        ["another time of a commitment"] = forger => forger.Changed(line => line.Kind is LineKind.Commitment, line => forger.Shifted(line, forger.Some(3))),
        ["another part of a commitment"] = forger => forger.Changed(line => line.Kind is LineKind.Commitment, line => line with { Factor = new ProrationFactor(17, 31) }),
        ["a commitment that nobody made"] = forger => forger.Pick(line => line.Period is not null) is { } k ? forger._invoice.Lines.Add(forger.Missing(forger._invoice.Lines[k])) : null,
        ["a discount that moves more"] = forger => forger.Moved(forger.Some()),
    };

    /// <summary>The file as it would be with other lines, and another form of the export; nothing where both are as they were.</summary>
    public byte[]? Made(ImmutableArray<InvoiceLine> lines)
    {
        var settled = Settled(_invoice with { Lines = lines });
        return IssuedDocument.Of(settled).AsSpan().SequenceEqual(CanonicalJson.Write(export.Invoice)) ? null : Written(settled);
    }

    /// <summary>The file as it was, settled anew: what shows that the forger counts as billing does.</summary>
    public byte[] Honest() => Written(Settled(_invoice));

    /// <summary>Which lines are others.</summary>
    public string Difference(ImmutableArray<InvoiceLine> lines) => string.Join(", ", lines.Where(line => !_invoice.Lines.Contains(line)).Concat(_invoice.Lines.Where(line => lines.All(other => other.Id != line.Id))).Select(line => $"{line.Kind} {line.Description} {line.Amount}"));

    private static bool Same(InvoiceLine one, InvoiceLine other) => one.Taxes.Select(tax => tax.Tax).SequenceEqual(other.Taxes.Select(tax => tax.Tax));

    private byte[] Written(Invoice invoice) => VerifyTests.Hashed(JsonSerializer.SerializeToUtf8Bytes(export with { Invoice = JsonElement.Parse(IssuedDocument.Of(invoice)), Totals = ExportedTotals.Of(invoice) }, BillingJson.Options));

    // Coupons of this invoice are taken off its own lines; those that correct stay with their lines.
    private Invoice Settled(Invoice invoice)
    {
        var none = Money.Zero(invoice.Currency);
        var bare = invoice with { Lines = [.. invoice.Lines.Select(line => line with { Discount = line.Corrects is null ? null : line.Discount, Credit = null, Taxes = line.DecidedTaxes })], Discounts = [], Credits = [], TaxLines = [] };
        var own = invoice.Discounts.Where(discount => !discount.IsCorrection).Select(discount => discount.Coupon).ToHashSet();
        var borne = bare.Lines.Aggregate(none, (sum, line) => sum + (line.Discount ?? none));
        var discounted = CouponDiscounts.Apply(bare, export.Coupons.Where(coupon => own.Contains(coupon.Coupon)));
        var corrections = invoice.Discounts.Where(discount => discount.IsCorrection).ToList();
        var rest = borne - corrections.Aggregate(none, (sum, discount) => sum + discount.Amount);
        var corrected = discounted with { Discounts = [.. discounted.Discounts, .. corrections.Select((discount, i) => i == 0 ? discount with { Amount = discount.Amount + rest } : discount)] };
        return InvoiceSettlement.Settle(corrected, export.Grants.Select(Grant), TaxDecision.Of(invoice), invoice.IssuedAt!.Value).Invoice;
    }

    private CreditGrant Grant(ExportedGrant grant) => new()
    {
        Id = grant.Id, Tenant = _invoice.Tenant, Customer = _invoice.Customer, Category = grant.Category, Amount = grant.Before, Balance = grant.Before, Period = new GrantPeriod(grant.CreatedAt, grant.ExpiresAt),
        Priority = grant.Priority, Scope = grant.Scope, AsOf = _invoice.IssuedAt!.Value, CreatedAt = grant.CreatedAt,
    };

    private Money Of(long minor) => Money.FromMinorUnits(minor, _invoice.Currency);

    private int Some(int most = 500) => random.Next(2) == 0 ? random.Next(1, most + 1) : -random.Next(1, most + 1);

    private int? Pick(Func<InvoiceLine, bool> fits)
    {
        var places = _invoice.Lines.Select((line, k) => (line, k)).Where(item => fits(item.line)).Select(item => item.k).ToList();
        return places.Count == 0 ? null : places[random.Next(places.Count)];
    }

    private ImmutableArray<InvoiceLine>? Changed(Func<InvoiceLine, bool> fits, Func<InvoiceLine, InvoiceLine> change) => Pick(fits) is { } k ? _invoice.Lines.SetItem(k, change(_invoice.Lines[k])) : null;

    // From one line that corrects to another.
    private ImmutableArray<InvoiceLine>? Moved(int minor)
    {
        var places = _invoice.Lines.Select((line, k) => (line, k)).Where(item => item.line.Corrects is not null).Select(item => item.k).ToList();
        InvoiceLine More(int k, int by) => _invoice.Lines[k] with { Discount = (_invoice.Lines[k].Discount ?? Of(0)) + Of(by) };
        return places.Count < 2 ? null : _invoice.Lines.SetItem(places[0], More(places[0], minor)).SetItem(places[^1], More(places[^1], -minor));
    }

    private static InvoiceLine Worth(InvoiceLine line, long minor, Currency currency) => line with
    {
        Amount = Money.FromMinorUnits(minor, currency), UnitAmount = line.UnitAmount is null || line.Quantity == 0 ? line.UnitAmount : Math.Round(Money.FromMinorUnits(minor, currency).Amount / line.Quantity, 12, MidpointRounding.AwayFromZero),
        Adjustment = line.Adjustment is null ? null : line.Adjustment with { Amount = line.Adjustment.Billed + Money.FromMinorUnits(minor, currency) },
    };

    // The same for as much time before.
    private static InvoiceLine Before(InvoiceLine line) => line with { Id = EntityId.New<InvoiceLineId>(), Period = new Interval(line.Period!.Value.Start - line.Period.Value.Duration, line.Period.Value.Start) };

    private InvoiceLine Missing(InvoiceLine like) => new()
    {
        Kind = LineKind.Commitment, Description = "Minimum commitment", Quantity = 1, UnitAmount = Of(9_99).Amount, Amount = Of(9_99), Period = like.Period, Subscription = like.Subscription, Taxes = like.DecidedTaxes, Id = EntityId.New<InvoiceLineId>(),
    };

    private InvoiceLine Worth(InvoiceLine line, long minor) => Worth(line, minor, _invoice.Currency);

    private PriceTerms? TermsOf(InvoiceLine line) => export.Prices.GetValueOrDefault(line.Price?.ToString() ?? "")?.Terms.In(_invoice.Currency);

    private InvoiceLine Priced(InvoiceLine line, decimal quantity)
    {
        var rated = Rating.Rate(TermsOf(line)!, new RatingInput(quantity));
        return line with { Quantity = quantity, UnitAmount = rated.EffectiveUnitAmount, Tiers = rated.Tiers, Amount = PeriodParts.Part(rated.Amount, line.Factor, line.Before, _invoice.Currency) };
    }

    // By days, with the part of the period that it then is, and what that costs.
    private InvoiceLine Shifted(InvoiceLine line, int days)
    {
        var (old, period) = (line.Period!.Value, new Interval(line.Period.Value.Start - Duration.FromDays(Math.Max(0, days)), line.Period.Value.End - Duration.FromDays(Math.Max(0, -days))));
        var whole = line.Factor.Denominator * (long)old.Duration.TotalSeconds;
        var factor = new ProrationFactor(Math.Min(whole, line.Factor.Numerator * (long)period.Duration.TotalSeconds), whole);
        var shifted = line with { Period = period, Factor = factor };
        return line.Kind is LineKind.Flat or LineKind.Seat ? Priced(shifted, line.Quantity)
            : line.Kind is LineKind.UnusedTime ? shifted with { Amount = Of(line.Amount.MinorUnits * (long)period.Duration.TotalHours / (long)old.Duration.TotalHours) }
            : shifted with { Factor = line.Factor };
    }
}
