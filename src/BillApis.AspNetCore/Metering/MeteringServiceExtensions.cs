using BillApis;
using BillApis.AspNetCore;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Meters what an application measures and whom it calls.</summary>
public static class MeteringServiceExtensions
{
    /// <summary>Turns each measurement of an instrument, of whole numbers or decimals, into a usage event with the property <c>value</c> and the measurement's tags; one of them names the customer.</summary>
    public static BillingBuilder UseInstrument(this BillingBuilder builder, string meter, string instrument, string eventType, string customerTag = MeteringOptions.CustomerClaim)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(meter);
        ArgumentException.ThrowIfNullOrWhiteSpace(instrument);
        ArgumentException.ThrowIfNullOrWhiteSpace(customerTag);
        builder.Services.TryAddSingleton<UsageRecorder>();
        builder.Services.AddSingleton(new MeteredInstrument(meter, instrument, MeteredAttribute.CheckEventType(eventType), customerTag));
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, InstrumentListener>());
        return builder;
    }

    /// <summary>Records a usage event for every call of the client; inside of a handler that repeats calls, for every attempt.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="eventType">The type of the events.</param>
    /// <param name="customer">Finds the customer, by id or external id; the one of the request that is being served where it is left out.</param>
    public static IHttpClientBuilder AddBillingMeter(this IHttpClientBuilder builder, string eventType, Func<HttpRequestMessage, ValueTask<string?>>? customer = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        MeteredAttribute.CheckEventType(eventType);
        builder.Services.AddHttpContextAccessor();
        builder.Services.TryAddSingleton<UsageRecorder>();
        return builder.AddHttpMessageHandler(services => new MeteredHttpHandler(services.GetRequiredService<UsageRecorder>(), services.GetRequiredService<IHttpContextAccessor>(), eventType, customer));
    }
}
