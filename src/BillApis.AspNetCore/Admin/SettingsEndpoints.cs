using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary><c>/admin/settings</c>: what the tenant chose for itself.</summary>
internal static class SettingsEndpoints
{
    public static void MapSettings(this IEndpointRouteBuilder api)
    {
        var settings = api.MapGroup("/admin/settings").WithTags("Admin").Requires("settings");
        settings.MapGet("", GetAsync).WithSummary("What counts for the tenant: its own choices, and the defaults for the rest");
        settings.MapPatch("", ChangeAsync).WithSummary("Change some of the tenant's choices; null goes back to the default");
    }

    internal static async Task<SettingsResponse> GetAsync(Caller caller, Billing billing, CancellationToken cancellationToken) =>
        SettingsResponse.From(await billing.Settings.GetAsync(caller.Tenant, cancellationToken).ConfigureAwait(false));

    internal static async Task<SettingsResponse> ChangeAsync(Patch<SettingsRequest> patch, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        SettingsResponse.From(await billing.Settings.ChangeAsync(
            caller.Tenant,
            current => current with { LateUsage = patch.Over(JsonSerializer.SerializeToNode(new SettingsRequest { LateUsage = current.LateUsage }, BillingJson.Options)!).Value.LateUsage },
            cancellationToken).ConfigureAwait(false));
}

internal sealed record SettingsRequest
{
    public LateUsagePolicy? LateUsage { get; init; }
}

internal sealed record SettingsResponse(LateUsagePolicy LateUsage)
{
    public static SettingsResponse From(TenantSettings settings) => new(settings.LateUsage!.Value);
}
