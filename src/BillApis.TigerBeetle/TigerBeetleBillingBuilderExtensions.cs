using BillApis;
using BillApis.Ledger;
using BillApis.TigerBeetle;
using BillApis.TigerBeetle.Native;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Keeps the ledger in TigerBeetle.</summary>
public static class TigerBeetleBillingBuilderExtensions
{
    /// <summary>Keeps the ledger in a TigerBeetle cluster; everything else stays in the database.</summary>
    public static BillingBuilder UseTigerBeetle(this BillingBuilder builder, Action<TigerBeetleOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new TigerBeetleOptions();
        configure(options);
        builder.Services.Replace(ServiceDescriptor.Singleton<ILedger>(_ => new TigerBeetleLedger(new NativeClient(options))));
        return builder;
    }
}
