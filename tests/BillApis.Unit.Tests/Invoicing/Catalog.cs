using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Unit.Tests.Invoicing;

/// <summary>Short ways to write plans and timelines in tests.</summary>
internal static class Catalog
{
    public static Currency Usd { get; } = Currency.Parse("USD");

    public static BillingInterval Month { get; } = new(IntervalUnit.Month, 1);

    public static Instant At(int year, int month, int day, int hour = 0, int minute = 0) => Instant.FromUtc(year, month, day, hour, minute);

    public static PlanItem Item(string code, PriceModel model, BillingTiming timing, BillingInterval? interval, MetricId? metric = null, decimal quantity = 1, Func<PriceTerms, PriceTerms>? with = null)
    {
        var terms = new PriceTerms { Currency = Usd, Model = model, Interval = interval, Timing = timing };
        return new PlanItem(new Price { Code = code, Metric = metric, Terms = with is null ? terms : with(terms) }, quantity);
    }

    public static PlanVersion Plan(params PlanItem[] items) => new(1, [.. items], 0, At(2026, 1, 1));

    public static Timeline From(Instant start, BillingAnchor? anchor = null, string zone = "UTC", Instant? end = null) =>
        new() { StartAt = start, Zone = DateTimeZoneProviders.Tzdb[zone], Anchor = anchor ?? BillingAnchor.Subscription, EndAt = end };

    public static Invoice Bill(PlanVersion plan, Timeline timeline, Instant boundary, params (MetricId Metric, decimal Quantity)[] usage) => InvoiceCalculator.Calculate(new InvoiceRequest
    {
        Tenant = TenantId.Default,
        Customer = default,
        Subscription = default(SubscriptionId),
        Currency = Usd,
        Boundary = boundary,
        Charges = [.. Charge.At(plan, timeline, boundary).Select(charge => new ChargedUsage(charge, new RatingInput(usage.Where(item => item.Metric == charge.Price.Metric).Sum(item => item.Quantity))))],
    });
}
