using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Cli.Tests;

/// <summary>Invoices of a life as the files that are verified.</summary>
internal static class ExportedLife
{
    /// <summary>Those of a life that begins in 2026, each with its events, oldest first.</summary>
    public static async Task<IReadOnlyList<(byte[] Invoice, byte[] Events)>> LivedAsync(Func<Scenario, Task> live, Func<Invoice, bool> are)
    {
        var file = SqliteFile.NewPath();
        try
        {
            await using var life = await Scenario.StartAsync(billing => billing.UseSqlite($"Data Source={file}"), "2026-01-01", TestContext.Current.CancellationToken);
            await live(life);
            return await OfAsync(life, are);
        }
        finally
        {
            SqliteFile.Delete(file);
        }
    }

    /// <summary>Changes the only subscription of a life as it is.</summary>
    public static async Task ChangeAsync(Scenario life, SubscriptionChange change)
    {
        var subscription = (await life.Billing.Subscriptions.ListAsync(life.Tenant, new StoreQuery(), TestContext.Current.CancellationToken)).Items.Single();
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription.Id.ToString(), change, TestContext.Current.CancellationToken);
    }

    /// <summary>Those of a life as it is.</summary>
    public static async Task<IReadOnlyList<(byte[] Invoice, byte[] Events)>> OfAsync(Scenario life, Func<Invoice, bool> are)
    {
        var exports = new List<(byte[], byte[])>();
        foreach (var invoice in (await life.InvoicesAsync("acme")).Where(are))
        {
            exports.Add((await life.Billing.Exports.InvoiceAsync(life.Tenant, invoice.Id.ToString(), TestContext.Current.CancellationToken), await life.Billing.Exports.EventsAsync(life.Tenant, invoice.Id.ToString(), TestContext.Current.CancellationToken)));
        }

        return exports;
    }
}
