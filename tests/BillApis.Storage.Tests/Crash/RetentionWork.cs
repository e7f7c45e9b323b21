using System.Globalization;
using BillApis.Metering;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis.Storage.Tests.Crash;

/// <summary>Sends numbered events of twelve months of long ago, archives them, and brings a month of them back for a moment, again and again, as a worker.</summary>
internal static class RetentionWork
{
    public const int BatchSize = 48;
    private static readonly Duration Moment = Duration.FromMilliseconds(200);
    public static readonly Interval Year = new(Instant.FromUtc(2011, 1, 1, 0, 0), Instant.FromUtc(2012, 1, 1, 0, 0));

    public static async Task RunAsync(ServiceProvider node, string argument)
    {
        var (next, options) = (long.Parse(argument.Split('|')[0], CultureInfo.InvariantCulture), node.GetRequiredService<IOptions<BillingOptions>>().Value);
        (options.UsageRetentionMonths, options.UsageArchiveFolder) = (1, argument.Split('|')[1]);
        var billing = node.GetRequiredService<Billing>();
        Console.WriteLine(Program.Ready);
        for (; ; next += BatchSize)
        {
            var receipt = await billing.Usage.RecordAsync(TenantId.Default, [.. Enumerable.Range(0, BatchSize).Select(i => Event(next + i))]);
            if (receipt.Accepted + receipt.Duplicates != BatchSize)
            {
                throw new InvalidOperationException($"{receipt}");
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{next}."));
            await billing.Retention.RunAsync();
            if ((await billing.Retention.ListAsync(TenantId.Default)).Select(part => part.Month).Distinct().ToList() is { Count: > 0 } months)
            {
                await billing.Retention.RestoreAsync(TenantId.Default, months[(int)(next / BatchSize % months.Count)], node.GetRequiredService<IClock>().GetCurrentInstant() + Moment);
            }
        }
    }

    /// <summary>Every event follows from its number.</summary>
    public static UsageEvent Event(long number) => new()
    {
        Id = number.ToString(CultureInfo.InvariantCulture), Type = "call", Customer = $"customer-{number % IntakeWork.Customers}",
        Timestamp = new LocalDate(2011, (int)(number % 12) + 1, 3).AtMidnight().InUtc().ToInstant() + Duration.FromSeconds(number % 86_400),
        Properties = UsageProperties.Of(("n", number)),
    };
}
