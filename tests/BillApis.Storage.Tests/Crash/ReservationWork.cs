using System.Globalization;
using NodaTime;

namespace BillApis.Storage.Tests.Crash;

/// <summary>Reserves, commits, releases and forgets from many threads at once, as a worker, and says what was answered to its commits.</summary>
internal static class ReservationWork
{
    public const string Feature = "calls";
    public const decimal Quantity = 0.5m;
    private const int Threads = 64;
    private static int _isFull;

    // What nobody ends is back after this.
    private static readonly Duration Lifetime = Duration.FromSeconds(1);

    public static async Task RunAsync(Billing billing, string customer)
    {
        Console.WriteLine(Program.Ready);
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() => WorkAsync(billing, customer, thread))));
    }

    /// <summary>Reserves once, and commits, releases or forgets it.</summary>
    /// <returns>Whether the limit allowed it.</returns>
    public static async Task<bool> TryAsync(Billing billing, string customer, int turn)
    {
        var result = await billing.Reservations.ReserveAsync(TenantId.Default, new NewReservation(customer) { Feature = Feature, Quantity = Quantity, Lifetime = Lifetime });
        if (result is not Allowed)
        {
            // On a machine that was too busy to answer in time, giving it back is right whether or not it was set aside.
            await (result is Indeterminate ? ReleaseAsync(billing, result.Id) : Task.CompletedTask);
            return false;
        }

        if (turn % 8 == 6)
        {
            await billing.Reservations.ReleaseAsync(TenantId.Default, result.Id);
        }
        else if (turn % 8 != 7)
        {
            var actual = turn % 8 == 5 ? Quantity / 2 : Quantity;
            await billing.Reservations.CommitAsync(TenantId.Default, result.Id, actual);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Id} {actual}."));
        }

        return true;
    }

    private static async Task ReleaseAsync(Billing billing, ReservationId id)
    {
        try
        {
            await billing.Reservations.ReleaseAsync(TenantId.Default, id);
        }
        catch (BillingException refusal) when (refusal.Code is BillingErrorCode.NotFound)
        {
        }
    }

    private static async Task WorkAsync(Billing billing, string customer, int thread)
    {
        for (var turn = thread; ; turn++)
        {
            if (!await TryAsync(billing, customer, turn))
            {
                if (Interlocked.Exchange(ref _isFull, 1) == 0)
                {
                    Console.WriteLine("full");
                }

                await Task.Delay(20);
            }
        }
    }
}
