using System.Data.Common;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>What an endpoint of the application asks of its customers, and how it serves those who have it.</summary>
internal sealed partial class RequiredEntitlement(string feature, decimal quantity, bool reserve, RequestDelegate inner)
{
    public async Task ServeAsync(HttpContext context)
    {
        var (services, metering) = (context.RequestServices, context.RequestServices.GetRequiredService<IOptions<MeteringOptions>>().Value);
        var (billing, customer) = (services.GetRequiredService<Billing>(), await metering.Customer(context).ConfigureAwait(false));
        if (reserve && customer is not null)
        {
            await ServeReservedAsync(context, billing, metering.Tenant, customer).ConfigureAwait(false);
            return;
        }

        switch (await CheckAsync(services, billing, metering.Tenant, customer, context.RequestAborted).ConfigureAwait(false))
        {
            case null:
                await LimitAnswer.WriteUnknownAsync(context).ConfigureAwait(false);
                break;
            case { Allowed: true }:
                await inner(context).ConfigureAwait(false);
                break;
            case { } check:
                await LimitAnswer.WriteAsync(context, check, services.GetRequiredService<IClock>().GetCurrentInstant()).ConfigureAwait(false);
                break;
        }
    }

    // Null where nothing can be told and the application did not choose to go on then.
    private async Task<EntitlementCheck?> CheckAsync(IServiceProvider services, Billing billing, TenantId tenant, string? customer, CancellationToken cancellationToken)
    {
        try
        {
            return customer is null ? NotEntitled : await billing.Entitlements.CheckAsync(tenant, customer, feature, quantity, cancellationToken).ConfigureAwait(false);
        }
        catch (BillingException refusal) when (refusal.Code is BillingErrorCode.NotFound)
        {
            return NotEntitled;
        }
        catch (Exception exception) when (exception is DbException or BillingException { Code: BillingErrorCode.Unavailable })
        {
            return services.GetRequiredService<IOptions<BillingOptions>>().Value.ReservationsFailOpen ? new EntitlementCheck(true, null, null, null, null) : null;
        }
    }

    private async Task ServeReservedAsync(HttpContext context, Billing billing, TenantId tenant, string customer)
    {
        var result = await ReserveAsync(billing, tenant, customer, context.RequestAborted).ConfigureAwait(false);
        if (!result.MayProceed)
        {
            var clock = context.RequestServices.GetRequiredService<IClock>();
            await (result is Denied denied ? LimitAnswer.WriteAsync(context, denied.Check, clock.GetCurrentInstant()) : LimitAnswer.WriteUnknownAsync(context)).ConfigureAwait(false);
            return;
        }

        var succeeded = false;
        try
        {
            await inner(context).ConfigureAwait(false);
            succeeded = context.Response.StatusCode < StatusCodes.Status400BadRequest;
        }
        finally
        {
            if (result is Allowed allowed)
            {
                await EndAsync(context, billing, tenant, allowed.Id, succeeded).ConfigureAwait(false);
            }
        }
    }

    // Whoever asked is gone or answered by now: what was used counts or comes back all the same.
    private async Task EndAsync(HttpContext context, Billing billing, TenantId tenant, ReservationId id, bool succeeded)
    {
        try
        {
            await (succeeded ? billing.Reservations.CommitAsync(tenant, id, quantity, CancellationToken.None) : billing.Reservations.ReleaseAsync(tenant, id, CancellationToken.None)).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is DbException or BillingException)
        {
            LogNotEnded(context.RequestServices.GetRequiredService<ILogger<RequiredEntitlement>>(), id, exception);
        }
    }

    private async Task<ReserveResult> ReserveAsync(Billing billing, TenantId tenant, string customer, CancellationToken cancellationToken)
    {
        try
        {
            return await billing.Reservations.ReserveAsync(tenant, new NewReservation(customer) { Feature = feature, Quantity = quantity }, cancellationToken).ConfigureAwait(false);
        }
        catch (BillingException refusal) when (refusal.Code is BillingErrorCode.NotFound)
        {
            return new Denied(default, NotEntitled);
        }
    }

    private static EntitlementCheck NotEntitled => new(false, null, null, null, EntitlementReason.NotEntitled);

    [LoggerMessage(Level = LogLevel.Error, Message = "The reservation '{Id}' of a request could not be ended; what it set aside comes back by itself.")]
    private static partial void LogNotEnded(ILogger logger, ReservationId id, Exception exception);
}
