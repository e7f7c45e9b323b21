using BillApis.Metering;

namespace BillApis.Storage.Tests.Metering;

/// <summary>
/// Whatever the order, the batches and the repeats in which events, amendments and voids arrive: the quantity and the bill of each period are those of the
/// events that count, delivered once and in order. Every aggregation under every price model, in memory, with the totals that stores keep.
/// </summary>
public sealed class DeliveryOrderTests(ITestOutputHelper output)
{
    private const int Deliveries = 100_000;
    private static readonly CustomerId Customer = EntityId.New<CustomerId>();

    [Fact]
    public void A_delivery_of_any_kind_comes_to_the_same_bill()
    {
        var seed = Environment.GetEnvironmentVariable("BILLAPIS_TEST_SEED") is { Length: > 0 } given ? int.Parse(given, System.Globalization.CultureInfo.InvariantCulture) : Environment.TickCount;
        output.WriteLine($"BILLAPIS_TEST_SEED={seed}");
        Parallel.For(0, Deliveries, new ParallelOptions { CancellationToken = TestContext.Current.CancellationToken }, number => Check(number, new Random(unchecked((seed * 1_000_003) + number)), $"seed {seed}, delivery {number}"));
    }

    private static void Check(int number, Random random, string where)
    {
        var delivery = new Delivery(number, random);
        var usage = new MemoryUsage(Delivery.Metrics[delivery.Place], Customer);
        foreach (var (batch, corrected, content) in delivery.Steps)
        {
            usage.Append(batch);
            if (corrected is not null)
            {
                usage.Correct(corrected, content);
            }
        }

        foreach (var period in Delivery.Periods)
        {
            delivery.Check(usage.Read(delivery.Request(Delivery.Metrics[delivery.Place], Customer, period)), where);
        }
    }
}
