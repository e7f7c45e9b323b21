using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using BillApis.Ledger;
using BillApis.TigerBeetle.Native;

namespace BillApis.TigerBeetle;

/// <summary>The number that stands for an asset as TigerBeetle's <c>ledger</c>, common to all tenants and remembered in the cluster itself.</summary>
/// <remarks>
/// The number comes from the asset's name. An account that is never moved holds the name under an id that follows from the number: who creates
/// it first has the number, and an asset that finds another name there takes the next one.
/// </remarks>
internal sealed class AssetNumbers(ITigerBeetleClient client)
{
    private const ushort Code = ushort.MaxValue;
    private readonly ConcurrentDictionary<Asset, uint> _numbers = new();
    private readonly ConcurrentDictionary<uint, Asset> _assets = new();

    /// <summary>The number of an asset that was registered before; 0 for none.</summary>
    public uint Known(Asset asset) => _numbers.GetValueOrDefault(asset);

    public async Task<uint> RegisterAsync(Asset asset, CancellationToken cancellationToken)
    {
        if (_numbers.TryGetValue(asset, out var known))
        {
            return known;
        }

        for (var number = BinaryPrimitives.ReadUInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"billapis asset {asset}"))); ; number = unchecked(number + 1))
        {
            if (number != 0 && (await client.CreateAsync([Entry(number, asset)], cancellationToken).ConfigureAwait(false))[0].Status is TbAccountStatus.Created or TbAccountStatus.Exists)
            {
                (_numbers[asset], _assets[number]) = (number, asset);
                return number;
            }
        }
    }

    /// <summary>The asset that a number stands for; null where it is none of ours.</summary>
    public async Task<Asset?> FindAsync(uint number, CancellationToken cancellationToken)
    {
        if (_assets.TryGetValue(number, out var known))
        {
            return known;
        }

        if (await client.LookupAccountsAsync([IdOf(number)], cancellationToken).ConfigureAwait(false) is not [var entry])
        {
            return null;
        }

        var asset = new Asset(new Tag(entry.UserData128, 1).ToString()!, (int)entry.UserData32 - 1);
        (_numbers[asset], _assets[number]) = (number, asset);
        return asset;
    }

    private static TbAccount Entry(uint number, Asset asset) => new()
    {
        Id = IdOf(number),
        UserData128 = Tag.Of(asset.Code).Value,
        UserData32 = (uint)asset.Scale + 1,
        Ledger = number,
        Code = Code,
    };

    private static UInt128 IdOf(uint number) => BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"billapis asset number {number}")));
}
