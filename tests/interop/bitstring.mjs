// Asked on standard input, in JSON, what the decoder makes of lists; answers on standard output. See test_bitstring_npm.py.
import {readFileSync} from 'node:fs';
import {Bitstring} from '@digitalbazaar/bitstring';
import {checkStatus, createCredential, createList, decodeList, getCredentialStatus, statusTypeMatches}
  from '@digitalbazaar/vc-bitstring-status-list';

const setBits = list => {
  const found = [];
  for(let index = 0; index < list.length; index++) {
    if(list.get(index)) {
      found.push(index);
    }
  }
  return {length: list.length, set: found};
};

const answers = {
  // An `encodedList` of Bitstring Status List, to the indexes of its set bits.
  decode: async ({encodedList}) => setBits((await decodeList({encodedList})).bitstring),

  // The same of StatusList2021, which has no letter in front.
  decode2021: async ({encodedList}) => setBits(new Bitstring({buffer: await Bitstring.decodeBits({encoded: encodedList})})),

  // What a verifier sees of a credential whose list credentials are these, by address.
  check: async ({credential, lists}) => {
    const documentLoader = async url => ({documentUrl: url, document: lists[url]});
    const matches = statusTypeMatches({credential});
    const result = await checkStatus({credential, documentLoader, suite: {}, verifyBitstringStatusListCredential: false});
    return {matches, verified: result.verified, error: result.error?.message, results: result.results?.map(one => one.status)};
  },

  // The entry of a credential for a purpose.
  entry: async ({credential, statusPurpose}) => getCredentialStatus({credential, statusPurpose}),

  // A list credential of their making.
  create: async ({id, length, set, statusPurpose}) => {
    const list = await createList({length});
    set.forEach(index => list.setStatus(index, true));
    return createCredential({id, list, statusPurpose});
  }
};

const results = [];
for(const {call, ...arguments_} of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    results.push(await answers[call](arguments_));
  } catch(error) {
    results.push({refused: error.message ?? String(error)});
  }
}
console.log(JSON.stringify(results));
