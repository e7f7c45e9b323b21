using System.CommandLine;
using System.Text.Json;
using BillApis.Pricing;
using NodaTime;
using NodaTime.Text;

namespace BillApis.Cli;

/// <summary><c>billapis plan</c>: what a plan charges, and what past usage would have cost under it.</summary>
internal static class PlanCommand
{
    public static Command Of(TextWriter output)
    {
        var plan = new Argument<string>("plan") { Description = "The plan's code or id." };
        var from = new Option<string?>("--from") { Description = "Rate the usage since this instant, like 2026-01-01T00:00:00Z, under the plan." };
        var to = new Option<string?>("--to") { Description = "Until which instant." };
        var customers = new Option<string[]>("--customer") { Description = "Only for this customer; more than once for more." };
        var (storage, connection, tenant) = (Database.Storage(), Database.Connection(), Database.Tenant());
        var command = new Command("plan", "Show what a plan charges; with --from and --to, what past usage would have cost under it, and did cost.") { plan, from, to, customers, storage, connection, tenant };
        command.SetAction((parsed, cancellationToken) => Database.UseAsync(output, parsed.GetRequiredValue(storage), parsed.GetRequiredValue(connection), async billing =>
        {
            var (owner, code) = (Database.Owner(parsed.GetValue(tenant)), parsed.GetRequiredValue(plan));
            if (parsed.GetValue(from) is null && parsed.GetValue(to) is null)
            {
                return await ShowAsync(output, await billing.Plans.GetAsync(owner, code, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            }

            var (start, end) = (At("--from", parsed.GetValue(from)), At("--to", parsed.GetValue(to)));
            return await CompareAsync(output, await billing.Backtests.RunAsync(owner, code, end > start ? new Interval(start, end) : throw BillingException.Field("--to", "must be after --from"), parsed.GetValue(customers) ?? [], cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        }));
        return command;
    }

    private static async Task<int> ShowAsync(TextWriter output, Plan plan)
    {
        foreach (var version in plan.Versions.Reverse())
        {
            await output.WriteLineAsync($"{plan.Code} version {version.Number}, {plan.Currency}, {(version.PublishedAt is { } at ? $"published {InstantPattern.General.Format(at)}" : "a draft")}{(version.TrialDays > 0 ? $", {version.TrialDays} days of trial" : "")}").ConfigureAwait(false);
            foreach (var item in version.Items)
            {
                await output.WriteLineAsync($"  {item.Price.Code} × {Exact.Format(item.Quantity)}: {JsonSerializer.Serialize(item.Price.Terms, BillingJson.Options)}").ConfigureAwait(false);
            }
        }

        return Commands.Sound;
    }

    // Who cannot be billed by the plan is a fault that was found.
    private static async Task<int> CompareAsync(TextWriter output, Backtest backtest)
    {
        foreach (var row in backtest.Customers)
        {
            await output.WriteLineAsync($"{row.Customer}: {row.Before} before, {row.After} after").ConfigureAwait(false);
        }

        foreach (var failure in backtest.Failures)
        {
            await output.WriteLineAsync($"{failure.Customer}: {failure.Message}").ConfigureAwait(false);
        }

        await output.WriteLineAsync($"{backtest.Customers.Length} customers under version {backtest.Version}: {backtest.Before} before, {backtest.After} after").ConfigureAwait(false);
        return backtest.Failures.IsEmpty ? Commands.Sound : Commands.Faulty;
    }

    private static Instant At(string option, string? text) => text is null
        ? throw BillingException.Field(option, "is required beside the other end")
        : InstantPattern.ExtendedIso.Parse(text) is { Success: true } parsed ? parsed.Value : throw BillingException.Field(option, $"must be an instant like 2026-01-01T00:00:00Z, not '{text}'");
}
