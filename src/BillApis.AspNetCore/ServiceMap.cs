using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary>Which endpoints belong to which service.</summary>
internal static class ServiceMap
{
    public static Action<IEndpointRouteBuilder, RestOptions> Of(string service) => service switch
    {
        "auth" => (api, _) => api.MapAuth(),
        "admin" => (api, options) => api.MapTestClock(options),
        "invoicing" => (api, _) => api.MapLedger(),
        "master-data" or "subscription" or "usage" => (_, _) => { },
        _ => throw new ArgumentOutOfRangeException(nameof(service), service, "There is no such service."),
    };
}
