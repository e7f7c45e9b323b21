using BillApis.Invoicing;
using BillApis.Outbox;
using BillApis.Workers;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Ledger;

/// <summary>Registers what earns revenue by days.</summary>
internal static class RevenueServices
{
    public static void AddRevenue(this IServiceCollection services)
    {
        services.AddSingleton(provider => new RevenueRelease(provider.GetRequiredService<IRevenueScheduleStore>(), provider.GetRequiredService<OutboxDispatcher>(), provider.GetRequiredService<IClock>()));
        services.AddSingleton<Statements>();
        services.AddSingleton(provider => BillingJobs.Revenue(provider.GetRequiredService<RevenueRelease>()));
        services.AddSingleton(provider => new OutboxHandler(
            "invoice.issued", (tenant, events, token) => RevenueRelease.IssuedAsync(provider.GetRequiredService<IRevenueScheduleStore>(), provider.GetRequiredService<IInvoiceStore>(), tenant, events, token)));
        services.AddSingleton(provider => new OutboxHandler(
            "invoice.canceled", (tenant, events, token) => RevenueRelease.CanceledAsync(provider.GetRequiredService<IRevenueScheduleStore>(), provider.GetRequiredService<IInvoiceStore>(), tenant, events, token)));
        foreach (var type in new[] { "credit_memo.issued", "credit_memo.canceled" })
        {
            services.AddSingleton(provider => new OutboxHandler(
                type,
                (tenant, events, token) => RevenueRelease.CreditedAsync(
                    provider.GetRequiredService<IRevenueScheduleStore>(), provider.GetRequiredService<IInvoiceStore>(), provider.GetRequiredService<IStore<CreditMemo>>(), tenant, events, token)));
        }
    }
}
