using System.Text.Json.Nodes;
using BillApis.Invoicing;
using BillApis.Pricing;
using BillApis.Tests.Vectors;
using BillApis.Unit.Tests.Invoicing.Life;
using NodaTime;
using NodaTime.Text;

namespace BillApis.Unit.Tests.Invoicing.Vectors;

/// <summary>Lets subscriptions live as the peer's do: what each step adds is recorded, and everything up to its date is billed.</summary>
internal static class SequenceVectors
{
    public static string? Run(Vector vector)
    {
        var (lives, now, found) = (new Dictionary<string, PaperSubscription>(StringComparer.Ordinal), default(Instant?), new Differences(vector.Expected));
        var billed = new List<(decimal Total, int Items)>();
        foreach (var step in vector.Inputs["steps"]!.AsArray())
        {
            var (target, before) = (Day(step!["target"]), lives.Values.Sum(life => life.Net));
            var items = lives.Values.Sum(Items);
            foreach (var phase in step["add"]!.AsArray())
            {
                // What the first step has is agreed from its beginning.
                now ??= Day(phase!["from"]);
                Add(lives, phase!, now.Value);
            }

            foreach (var life in lives.Values)
            {
                life.BillUntil(target);
            }

            billed.Add((lives.Values.Sum(life => life.Net) - before, lives.Values.Sum(Items) - items));
            now = target;
        }

        found.Compare("invoices", (expected, report) =>
        {
            for (var i = 0; i < expected.Count; i++)
            {
                if (i >= billed.Count || (Vector.Number(expected[i]!["total"]), Vector.Number(expected[i]!["items"])) != (billed[i].Total, billed[i].Items))
                {
                    report($"step {i}: expected {expected[i]!.ToJsonString()}, got {(i < billed.Count ? billed[i] : default)}");
                }
            }
        });
        return found.Report();
    }

    private static void Add(Dictionary<string, PaperSubscription> lives, JsonNode phase, Instant now)
    {
        var (name, plan) = (Vector.Text(phase["subscription"])!, Vector.Number(phase["amount"]) is { } amount ? PlanOf(amount, phase) : null);
        if (phase["removed"] is not null)
        {
            lives[name].Record(now, new Cancel { When = ChangeWhen.Immediate });
        }
        else if (plan is null)
        {
            lives[name].Record(now, new Cancel { At = Day(phase["from"]) });
        }
        else if (lives.TryGetValue(name, out var life))
        {
            var anchor = BillingAnchor.OnDay((int)Vector.Number(phase["billing_day"])!.Value);
            life.Record(now, new ChangePlan("next") { At = Day(phase["from"]), Anchor = anchor == life.State.Timeline.StateAt(Instant.MaxValue).Anchor ? null : anchor }, plan);
        }
        else
        {
            lives[name] = new PaperSubscription(plan, Catalog.From(Day(phase["from"]), BillingAnchor.OnDay((int)Vector.Number(phase["billing_day"])!.Value)));
        }
    }

    private static PlanVersion PlanOf(decimal amount, JsonNode phase) => Catalog.Plan(Catalog.Item("fee", new FlatPrice(amount), BillingTiming.InAdvance, Vector.Text(phase["interval"]) switch
    {
        "monthly" => Catalog.Month,
        "annual" or "yearly" => new BillingInterval(IntervalUnit.Year, 1),
        "quarterly" => new BillingInterval(IntervalUnit.Quarter, 1),
        var other => throw new InvalidOperationException($"no interval is {other}"),
    }));

    private static int Items(PaperSubscription life) => life.Invoices.Sum(invoice => invoice.Lines.Length);

    private static Instant Day(JsonNode? date) => LocalDatePattern.Iso.Parse(Vector.Text(date)!).Value.AtStartOfDayInZone(DateTimeZone.Utc).ToInstant();
}
