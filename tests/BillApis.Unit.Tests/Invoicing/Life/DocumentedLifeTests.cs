using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using BillApis.Invoicing;
using BillApis.Pricing;
using static BillApis.Unit.Tests.Invoicing.Catalog;

namespace BillApis.Unit.Tests.Invoicing.Life;

/// <summary>The numbers of docs/subscriptions.md.</summary>
public sealed class DocumentedLifeTests
{
    private static readonly string[] Lines = File.ReadAllLines(Repository.PathOf("docs/subscriptions.md"));

    [Theory]
    [InlineData(ChangeProration.Prorate, "| `prorate` (default)")]
    [InlineData(ChangeProration.None, "| `none` |")]
    [InlineData(ChangeProration.Full, "| `full` |")]
    public void A_change_of_plan_bills_what_the_table_says(ChangeProration proration, string row)
    {
        var life = new PaperSubscription(PlanChangeTests.Fee(10), From(At(2026, 6, 1))).Change(At(2026, 6, 16), new ChangePlan("pro") { Proration = proration }, PlanChangeTests.Fee(30));

        var change = life.Invoices.Skip(1).ToList();
        Numbers(row).ShouldBe([.. change.SelectMany(invoice => invoice.Lines).Select(line => line.Amount.Amount), change.Sum(invoice => invoice.Total.Amount)]);
    }

    [Fact]
    public void Seats_cost_what_the_table_says()
    {
        var plan = Plan(Item("seats", new PerUnitPrice(4m), BillingTiming.InAdvance, Month, quantity: 3));
        var life = new PaperSubscription(plan, From(At(2026, 6, 1))).Change(At(2026, 6, 16), Seats(5)).Change(At(2026, 6, 26), Seats(2)).BillUntil(At(2026, 7, 1));

        foreach (var (invoice, row) in life.Invoices.Zip((string[])["| 1 June", "| 16 June", "| 26 June", "| 1 July"]))
        {
            decimal Of(LineKind kind) => invoice.Lines.Where(line => line.Kind == kind).Sum(line => line.Amount.Amount);
            Numbers(row).ShouldBe([Of(LineKind.Seat), Of(LineKind.UnusedTime), invoice.Total.Amount]);
        }
    }

    private static ChangeQuantities Seats(decimal seats) => new(ImmutableSortedDictionary<string, decimal>.Empty.Add("seats", seats));

    private static decimal[] Numbers(string row) => [.. Regex.Matches(Lines.Single(line => line.StartsWith(row, StringComparison.Ordinal)).Replace("− ", "-", StringComparison.Ordinal).Replace('−', '-'), @"-?\d+\.\d\d").Select(match => decimal.Parse(match.Value, CultureInfo.InvariantCulture))];
}
