using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary>Which endpoints belong to which service.</summary>
internal static class ServiceMap
{
    public static Action<IEndpointRouteBuilder, RestOptions> Of(string service) => service switch
    {
        "auth" => (api, _) => api.MapAuth(),
        "master-data" => (api, _) => MapMasterData(api),
        "admin" => MapAdmin,
        "subscription" => (api, _) => MapSubscription(api),
        "invoicing" => (api, _) => MapInvoicing(api),
        "portal" => (api, _) => api.MapPortal(),
        "usage" => (api, _) => MapUsage(api),

        // Their ports answer health checks; they have no endpoints of their own.
        "orchestration" or "payment" or "notification" => (_, _) => { },
        _ => throw new ArgumentOutOfRangeException(nameof(service), service, "There is no such service."),
    };

    private static void MapMasterData(IEndpointRouteBuilder api)
    {
        new CustomerEndpoints().Map(api);
        api.MapPortalUsers();
        new LegalEntityEndpoints().Map(api);
        new ProductEndpoints().Map(api);
        new MetricEndpoints().Map(api);
        new PriceEndpoints().Map(api);
        new PlanEndpoints().Map(api);
        new FeatureEndpoints().Map(api);
        new CouponEndpoints().Map(api);
        new TaxRateEndpoints().Map(api);
        api.MapCalculate();
    }

    private static void MapSubscription(IEndpointRouteBuilder api)
    {
        api.MapSubscriptions();
        api.MapEntitlements();
        api.MapReservations();
        api.MapSpendControl();
    }

    private static void MapUsage(IEndpointRouteBuilder api)
    {
        api.MapUsage();
        api.MapImports();
        api.MapBackfills();
        api.MapUsageAnalytics();
    }

    private static void MapAdmin(IEndpointRouteBuilder api, RestOptions options)
    {
        api.MapTestClock(options);
        api.MapHealth();
        api.MapTenants();
        api.MapAudit();
        api.MapSearch();
        api.MapUsers();
        api.MapRoles();
        api.MapApiKeys();
        api.MapSigningKeys();
        api.MapSettings();
        api.MapOrphans();
        api.MapUsageArchives();
        api.MapSimulation();
        api.MapBacktest();
    }

    private static void MapInvoicing(IEndpointRouteBuilder api)
    {
        api.MapInvoices();
        api.MapDrafts();
        api.MapCreditMemos();
        api.MapChain();
        api.MapDocuments();
        api.MapExports();
        api.MapReceivables();
        api.MapInvoiceRuns();
        api.MapCredits();
        api.MapLedger();
        api.MapStatements();
    }
}
