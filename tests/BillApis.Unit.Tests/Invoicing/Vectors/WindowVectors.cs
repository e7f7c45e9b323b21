using System.Text.Json.Nodes;
using BillApis.Invoicing;
using BillApis.Pricing;
using BillApis.Tests.Vectors;
using NodaTime;

namespace BillApis.Unit.Tests.Invoicing.Vectors;

/// <summary>A commitment for each window of time is a price over what the window's usage costs: at its own up to the commitment, which is its minimum, and at a factor beyond.</summary>
internal static class WindowVectors
{
    public static string? Run(Vector vector)
    {
        var currency = new PeerInvoice(vector).Currency;
        var lines = vector.Inputs["windows"]!.AsArray().SelectMany(window => Billed(TermsOf(vector, window!), Vector.Number(window!["units"])!.Value, currency)).ToList();
        var tiers = lines.SelectMany(line => line.Tiers).ToLookup(tier => tier.From > 0, tier => tier.Amount);
        var found = new Differences(vector.Expected);
        found.Compare("total", lines.Sum(line => line.Amount.Amount));
        found.Compare("utilized", tiers[false].Sum());
        found.Compare("overage", tiers[true].Sum());
        found.Compare("true_up", lines.Where(line => line.Kind is LineKind.Minimum).Sum(line => line.Amount.Amount));
        return found.Report();
    }

    // Of the hours that it lies in, else the common ones.
    private static JsonNode TermsOf(Vector vector, JsonNode window) =>
        (vector.Inputs["buckets"]?.AsArray() ?? []).FirstOrDefault(bucket => Vector.Number(window["hour"]) >= Vector.Number(bucket!["from_hour"]) && Vector.Number(window["hour"]) < Vector.Number(bucket["to_hour"])) ?? vector.Inputs["default"]!;

    private static IEnumerable<InvoiceLine> Billed(JsonNode terms, decimal units, Currency currency)
    {
        var (each, commitment) = (Vector.Number(terms["unit_amount"])!.Value, terms["commitment"]);
        var committed = Vector.Number(commitment?["value"]) * (Vector.Text(commitment?["kind"]) is "quantity" ? each : 1);
        Tier[] tiers = committed is null ? [new Tier(null, 1, 0)] : [new Tier(committed, 1, 0), new Tier(null, Vector.Number(commitment!["overage_factor"])!.Value, 0)];
        var price = new Price
        {
            Code = "window", Metric = EntityId.New<MetricId>(),
            Terms = new PriceTerms { Currency = currency, Model = new GraduatedPrice([.. tiers]), Interval = new BillingInterval(IntervalUnit.Day, 1), MinimumAmount = commitment?["true_up"]?.GetValue<bool>() is true ? committed : null },
        };
        var period = new Interval(PeerInvoice.Now - Duration.FromHours(1), PeerInvoice.Now);
        return InvoiceCalculator.Calculate(new InvoiceRequest
        {
            Tenant = TenantId.Default, Customer = default, Currency = currency, Boundary = PeerInvoice.Now, Charges = [new ChargedUsage(new Charge(price, 1, period, ProrationFactor.Whole), new RatingInput(Exact.Multiply(units, each)))],
        }).Lines;
    }
}
